# The short way in; CMake does the work.
#   make           release build: build/heddle, libheddle.a, libheddle.so.0
#   make run       installs what is missing, builds, runs the demonstration
#   make test      installs what is missing, builds, runs every test
#   make stress    the long runs
#   make install   PREFIX=/usr/local DESTDIR=
BUILD ?= build
PREFIX ?= /usr/local
TYPE ?= Release
JOBS ?= $(shell nproc)

all: $(BUILD)/build.ninja
	@cmake --build $(BUILD) -j $(JOBS)

$(BUILD)/build.ninja:
	@command -v cmake >/dev/null && command -v ninja >/dev/null || { echo "cmake or ninja is missing: run tools/install-deps"; exit 1; }
	@cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(TYPE) -DCMAKE_INSTALL_PREFIX=$(PREFIX)

deps:
	@tools/install-deps

run: deps
	@$(MAKE) --no-print-directory all
	@tools/demo $(BUILD)

test: deps
	@$(MAKE) --no-print-directory all
	@cd $(BUILD) && ctest -j $(JOBS) --output-on-failure

quick: all
	@cd $(BUILD) && ctest -L quick -j $(JOBS) --output-on-failure

stress: deps
	@$(MAKE) --no-print-directory all
	@tools/stress $(BUILD)

install: all
	@cmake --install $(BUILD) --prefix $(PREFIX)

format:
	@tools/check-format . --fix

clean:
	@rm -rf build build-debug build-asan build-tsan build-fuzz build-clang build-gcc

.PHONY: all deps run test quick stress install format clean
