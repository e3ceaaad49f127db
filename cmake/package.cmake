# `cmake --install` gives headers, the libraries, the command and what find_package(intact) needs. Of its components, runtime
# is the shared libintact_runtime alone, which needs no other package and no C++.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS intact intact_runtime_static EXPORT intact ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS intact_runtime_shared EXPORT intact_runtime LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/intact DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT intact NAMESPACE intact:: FILE intact-targets.cmake DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/intact)
install(EXPORT intact_runtime NAMESPACE intact:: FILE intact-runtime-targets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/intact)
file(WRITE ${CMAKE_BINARY_DIR}/generated/intact-config.cmake
"include(\${CMAKE_CURRENT_LIST_DIR}/intact-runtime-targets.cmake)
set(intact_runtime_FOUND ON)
if(NOT \"\${intact_FIND_COMPONENTS}\" STREQUAL \"runtime\")
  include(CMakeFindDependencyMacro)
  find_dependency(fmt)
  find_dependency(Threads)
  find_dependency(ZLIB)
  find_dependency(Protobuf)
  include(\${CMAKE_CURRENT_LIST_DIR}/intact-targets.cmake)
endif()
foreach(component \${intact_FIND_COMPONENTS})
  if(NOT component STREQUAL \"runtime\")
    set(intact_FOUND OFF)
    set(intact_NOT_FOUND_MESSAGE \"there is no component \${component}; there is runtime\")
  endif()
endforeach()
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
