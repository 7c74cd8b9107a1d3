# SPDX-License-Identifier: Apache-2.0
# Installs the files of `cmake --install`, and the package that find_package(Inlay) reads.
include_guard()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(inlay_package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Inlay)
set(inlay_runtime_folder ${CMAKE_INSTALL_DATADIR}/inlay/runtime)
set(inlay_installed_targets inlay_dsl inlay_warnings)
if(INLAY_BUILD_COMPILER)
  list(APPEND inlay_installed_targets inlayc)
  # Debian keeps libMLIR in a folder that the loader does not search.
  set_target_properties(inlayc PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
endif()

set_target_properties(inlay_dsl PROPERTIES EXPORT_NAME dsl)
set_target_properties(inlay_runtime PROPERTIES EXPORT_NAME runtime)
set_target_properties(inlay_interpreter PROPERTIES EXPORT_NAME interpreter)
set_target_properties(inlay_warnings PROPERTIES EXPORT_NAME warnings)

if(TARGET inlay-bench)
  set_target_properties(inlay-bench PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS inlay-bench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(TARGETS ${inlay_installed_targets} EXPORT InlayTargets INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# The libraries for this machine, and their sources for cross builds.
install(TARGETS inlay_runtime inlay_interpreter EXPORT InlayRuntimeTargets
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY runtime/ DESTINATION ${inlay_runtime_folder} PATTERN include EXCLUDE)
install(DIRECTORY dsl/include/ runtime/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h*")
install(EXPORT InlayTargets NAMESPACE Inlay:: DESTINATION ${inlay_package_folder})
install(EXPORT InlayRuntimeTargets NAMESPACE Inlay:: DESTINATION ${inlay_package_folder})

configure_package_config_file(cmake/InlayConfig.cmake.in ${PROJECT_BINARY_DIR}/package/InlayConfig.cmake
                              INSTALL_DESTINATION ${inlay_package_folder} PATH_VARS inlay_runtime_folder)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/InlayConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/InlayConfig.cmake ${PROJECT_BINARY_DIR}/package/InlayConfigVersion.cmake
              cmake/InlayAddNetwork.cmake
        DESTINATION ${inlay_package_folder})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
