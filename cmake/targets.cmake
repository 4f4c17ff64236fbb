# What is made from the objects:
#   heddle_internal  every library object, all names visible: the command and the unit tests link it; not installed
#   heddle_static    libheddle.a
#   heddle_shared    libheddle.so.0, exports only what HEDDLE_API marks
#   heddle_command   build/heddle
set(HEDDLE_SYSTEM_LIBS m Threads::Threads)

if(HEDDLE_LIB_OBJECTS)
  add_library(heddle_internal STATIC ${HEDDLE_LIB_OBJECTS})
  target_include_directories(heddle_internal PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(heddle_internal PUBLIC ${HEDDLE_SYSTEM_LIBS})
  set_target_properties(heddle_internal PROPERTIES LINKER_LANGUAGE C)

  add_library(heddle_static STATIC ${HEDDLE_LIB_OBJECTS})
  target_link_libraries(heddle_static PUBLIC ${HEDDLE_SYSTEM_LIBS})
  set_target_properties(heddle_static PROPERTIES OUTPUT_NAME heddle LINKER_LANGUAGE C)

  add_library(heddle_shared SHARED ${HEDDLE_LIB_OBJECTS})
  target_link_libraries(heddle_shared PRIVATE ${HEDDLE_SYSTEM_LIBS})
  set_target_properties(heddle_shared PROPERTIES OUTPUT_NAME heddle VERSION ${PROJECT_VERSION} SOVERSION 0
    LINKER_LANGUAGE C)
  if(NOT HEDDLE_SANITIZE AND NOT HEDDLE_FUZZ)
    target_link_options(heddle_shared PRIVATE -Wl,--no-undefined)
  endif()
endif()

if(EXISTS ${PROJECT_SOURCE_DIR}/src/cli/main.c)
  add_executable(heddle_command ${HEDDLE_COMMAND_OBJECTS})
  target_link_libraries(heddle_command PRIVATE heddle_internal)
  target_link_options(heddle_command PRIVATE -pie)
  set_target_properties(heddle_command PROPERTIES OUTPUT_NAME heddle LINKER_LANGUAGE C
    RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
endif()
