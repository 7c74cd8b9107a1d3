# SPDX-License-Identifier: Apache-2.0
# Settings for builds in which the tree is the top-level project: language level, build type, compiler cache and linker.
# They override neither a project that includes the tree nor a user's own cache entries.
include_guard()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)

if(NOT PROJECT_IS_TOP_LEVEL)
  return()
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

get_property(inlay_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT CMAKE_BUILD_TYPE AND NOT inlay_multi_config)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(INLAY_CCACHE ccache)
  if(INLAY_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${INLAY_CCACHE})
  endif()
endif()

# lld links against MLIR several times faster than the default linker. g++ looks for ld.lld in the folders given with
# -B; Debian's package lld-19 keeps it in LLVM's folder.
option(INLAY_USE_LLD "Link with lld when it is there" ON)
if(INLAY_USE_LLD)
  find_program(INLAY_LLD ld.lld PATHS /usr/lib/llvm-19/bin NO_DEFAULT_PATH)
  find_program(INLAY_LLD ld.lld)
  if(INLAY_LLD)
    cmake_path(GET INLAY_LLD PARENT_PATH inlay_lld_folder)
    set(inlay_lld_options -fuse-ld=lld)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      list(APPEND inlay_lld_options -B${inlay_lld_folder})
    endif()
    include(CheckLinkerFlag)
    set(CMAKE_REQUIRED_QUIET ON)
    check_linker_flag(CXX "${inlay_lld_options}" INLAY_LLD_WORKS)
    unset(CMAKE_REQUIRED_QUIET)
    if(INLAY_LLD_WORKS)
      add_link_options(${inlay_lld_options})
    endif()
  endif()
endif()
