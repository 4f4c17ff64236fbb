# What is made from the objects:
#   heddle_internal  every library object, all names visible: the command and the unit tests link it; not installed
#   heddle_static    libheddle.a: one object, internal names made local so that they cannot meet an embedder's own
#   heddle_shared    libheddle.so.0: exports what HEDDLE_API marks
#   heddle_command   build/heddle
set(HEDDLE_SYSTEM_LIBS m Threads::Threads)

if(HEDDLE_LIB_OBJECTS)
  add_library(heddle_internal STATIC ${HEDDLE_LIB_OBJECTS})
  target_include_directories(heddle_internal PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(heddle_internal PUBLIC ${HEDDLE_SYSTEM_LIBS})
  set_target_properties(heddle_internal PROPERTIES LINKER_LANGUAGE C)

  set(HEDDLE_ARCHIVE ${PROJECT_BINARY_DIR}/libheddle.a)
  add_custom_command(OUTPUT ${HEDDLE_ARCHIVE}
    COMMAND ${CMAKE_LINKER} -r -o heddle-all.o ${HEDDLE_LIB_OBJECTS}
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard --keep-global-symbol=heddle_* --keep-global-symbol=wasm_*
      heddle-all.o
    COMMAND ${CMAKE_COMMAND} -E rm -f ${HEDDLE_ARCHIVE}
    COMMAND ${CMAKE_AR} rcs ${HEDDLE_ARCHIVE} heddle-all.o
    DEPENDS ${HEDDLE_LIB_OBJECTS} WORKING_DIRECTORY ${PROJECT_BINARY_DIR} COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(heddle_archive ALL DEPENDS ${HEDDLE_ARCHIVE})
  add_library(heddle_static STATIC IMPORTED GLOBAL)
  add_dependencies(heddle_static heddle_archive)
  set_target_properties(heddle_static PROPERTIES IMPORTED_LOCATION ${HEDDLE_ARCHIVE})
  target_include_directories(heddle_static INTERFACE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(heddle_static INTERFACE ${HEDDLE_SYSTEM_LIBS})

  add_library(heddle_shared SHARED ${HEDDLE_LIB_OBJECTS})
  target_include_directories(heddle_shared INTERFACE ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(heddle_shared PRIVATE ${HEDDLE_SYSTEM_LIBS})
  target_link_options(heddle_shared PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/libheddle.map)
  set_target_properties(heddle_shared PROPERTIES OUTPUT_NAME heddle VERSION ${PROJECT_VERSION} SOVERSION 0
    LINKER_LANGUAGE C LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/libheddle.map)
  if(NOT HEDDLE_SANITIZE AND NOT HEDDLE_FUZZ)
    target_link_options(heddle_shared PRIVATE -Wl,--no-undefined)
  endif()
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/src/cli/main.c)
  add_executable(heddle_command ${HEDDLE_COMMAND_OBJECTS})
  target_link_libraries(heddle_command PRIVATE heddle_internal)
  # Statically linked where the system can: a third less start-up time, since nothing is loaded or relocated by ld.so.
  include(CheckCSourceCompiles)
  set(CMAKE_REQUIRED_FLAGS -static-pie)
  check_c_source_compiles("int main(void) { return 0; }" HEDDLE_CAN_STATIC_PIE)
  unset(CMAKE_REQUIRED_FLAGS)
  if(HEDDLE_CAN_STATIC_PIE AND NOT HEDDLE_SANITIZE AND NOT HEDDLE_FUZZ)
    target_link_options(heddle_command PRIVATE -static-pie)
  else()
    target_link_options(heddle_command PRIVATE -pie)
  endif()
  set_target_properties(heddle_command PROPERTIES OUTPUT_NAME heddle LINKER_LANGUAGE C
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endif()
