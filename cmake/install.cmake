# `make install`: headers, both libraries, the command, pkg-config file, CMake package, man pages.  Everything finds its
# prefix from where it stands, so an installed tree may be moved.
include(CMakePackageConfigHelpers)
if(NOT TARGET heddle_shared)
  return()
endif()

install(TARGETS heddle_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES ${HEDDLE_ARCHIVE} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET heddle_command)
  install(TARGETS heddle_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
# The manual page comes out of the command's own option table.
if(TARGET heddle_command)
  set(HEDDLE_MAN ${PROJECT_BINARY_DIR}/heddle.1)
  add_custom_command(OUTPUT ${HEDDLE_MAN} COMMAND heddle_command help man > ${HEDDLE_MAN} DEPENDS heddle_command VERBATIM)
  add_custom_target(heddle_man ALL DEPENDS ${HEDDLE_MAN})
  install(FILES ${HEDDLE_MAN} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

set(base /base)
file(RELATIVE_PATH HEDDLE_UP ${base}/${CMAKE_INSTALL_LIBDIR}/pkgconfig ${base})
configure_file(cmake/heddle.pc.in heddle.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/heddle.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/Heddle)
configure_package_config_file(cmake/HeddleConfig.cmake.in HeddleConfig.cmake INSTALL_DESTINATION ${package}
  PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(HeddleConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/HeddleConfig.cmake ${PROJECT_BINARY_DIR}/HeddleConfigVersion.cmake
  DESTINATION ${package})
