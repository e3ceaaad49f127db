# `cmake --install` gives headers, libintact.a, the command and what find_package(intact) needs.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS intact EXPORT intact ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/intact DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT intact NAMESPACE intact:: FILE intact-targets.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/intact)
file(WRITE ${CMAKE_BINARY_DIR}/generated/intact-config.cmake
"include(CMakeFindDependencyMacro)
find_dependency(fmt)
find_dependency(OpenMP COMPONENTS CXX)
find_dependency(ZLIB)
find_dependency(Protobuf)
include(\${CMAKE_CURRENT_LIST_DIR}/intact-targets.cmake)
")
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/intact-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/intact-config.cmake
              ${CMAKE_BINARY_DIR}/generated/intact-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/intact)
if(INTACT_BUILD_TOOLS)
  install(TARGETS intact_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/scripts/clients DESTINATION ${CMAKE_INSTALL_DATADIR}/intact
          USE_SOURCE_PERMISSIONS PATTERN __pycache__ EXCLUDE)
endif()
