# Language, warnings, hardening, sanitizers: the flags of every object of the project, product and tests alike.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
if(CMAKE_C_COMPILER_ID MATCHES Clang) # what clang writes as DWARF 5, Debian's valgrind refuses to read
  string(APPEND CMAKE_C_FLAGS_RELEASE " -gdwarf-4")
endif()
set(CMAKE_C_FLAGS_DEBUG "-Og -g")
set(THREADS_PREFER_PTHREAD_FLAG OFF)
find_package(Threads REQUIRED)

# Each flag is passed when the compiler knows it.
function(heddle_flags)
  foreach(flag ${ARGN})
    string(MAKE_C_IDENTIFIER "HAVE${flag}" known)
    check_c_compiler_flag("-Werror ${flag}" ${known})
    if(${known})
      add_compile_options($<$<COMPILE_LANGUAGE:C>:${flag}>)
    endif()
  endforeach()
endfunction()

heddle_flags(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wundef -Wvla -Wcast-qual -Wwrite-strings -Wpointer-arith -Wimplicit-fallthrough
  -Wdouble-promotion -Wformat=2 -Wnull-dereference -Wduplicated-cond -Wlogical-op)
if(HEDDLE_WERROR)
  add_compile_options($<$<COMPILE_LANGUAGE:C>:-Werror>)
endif()

# Semantics: numbers are IEEE 754 as written, arithmetic wraps, types may alias, null checks stay.
heddle_flags(-ffp-contract=off -fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks)
add_compile_definitions(_GNU_SOURCE)

# Hardening.  cf-protection is `branch`, not `full`: stack switches do not maintain a shadow stack.
heddle_flags(-fcf-protection=branch)
add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code)
add_compile_options($<$<COMPILE_LANGUAGE:ASM>:-Wa,--noexecstack>)
if(HEDDLE_SANITIZE)
  # gcc's null-dereference analysis reads sanitizer instrumentation as code paths; the plain builds keep the warning.
  add_compile_options(-fsanitize=${HEDDLE_SANITIZE} -fno-omit-frame-pointer -Wno-null-dereference)
  add_link_options(-fsanitize=${HEDDLE_SANITIZE})
  if(HEDDLE_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=undefined)
  endif()
else()
  heddle_flags(-fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero)
  if(CMAKE_BUILD_TYPE MATCHES "Rel")
    add_compile_options($<$<COMPILE_LANGUAGE:C>:-U_FORTIFY_SOURCE> $<$<COMPILE_LANGUAGE:C>:-D_FORTIFY_SOURCE=3>)
  endif()
endif()

if(HEDDLE_CHECKED)
  add_compile_definitions(HEDDLE_CHECKED)
  add_compile_options(-UNDEBUG)
endif()
if(HEDDLE_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "HEDDLE_FUZZ needs clang: cmake --preset fuzz")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
