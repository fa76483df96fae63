# Finds LLVM and MLIR, and refuses any but version 22 with what to install.
#
# MLIR's own package file demands an exact LLVM, and its version file calls
# 22.1 incompatible with a request for "22": the version is checked here.

set(FP4_LLVM_MAJOR 22)
set(_fp4_how_to_install "\n\
  On Debian 12 or later, as root:\n\
    apt-get install llvm-22-dev libmlir-22-dev mlir-22-tools llvm-22-tools clang-22 lld-22 libomp-22-dev\n\
  Elsewhere, point CMake at any LLVM/MLIR ${FP4_LLVM_MAJOR} built with shared libraries\n\
  (LLVM_BUILD_LLVM_DYLIB, MLIR_BUILD_MLIR_DYLIB), RTTI on:\n\
    cmake -DMLIR_DIR=<prefix>/lib/cmake/mlir ...\n")

find_package(MLIR CONFIG QUIET HINTS /usr/lib/llvm-${FP4_LLVM_MAJOR}/lib/cmake/mlir)
if(NOT MLIR_FOUND)
  message(FATAL_ERROR "fp4 needs MLIR ${FP4_LLVM_MAJOR}, and found none.${_fp4_how_to_install}")
endif()
if(NOT LLVM_VERSION_MAJOR EQUAL FP4_LLVM_MAJOR)
  message(FATAL_ERROR "fp4 needs LLVM/MLIR ${FP4_LLVM_MAJOR}, but ${MLIR_DIR} is "
    "version ${LLVM_PACKAGE_VERSION}.${_fp4_how_to_install}")
endif()
foreach(_target LLVM MLIR mlir-tblgen)
  if(NOT TARGET ${_target})
    message(FATAL_ERROR "LLVM/MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR} has no '${_target}': "
      "fp4 needs its shared libraries and its tools.${_fp4_how_to_install}")
  endif()
endforeach()
if(NOT LLVM_ENABLE_RTTI)
  message(FATAL_ERROR "LLVM/MLIR ${LLVM_PACKAGE_VERSION} in ${MLIR_DIR} was built without RTTI; "
    "fp4 needs it.${_fp4_how_to_install}")
endif()
