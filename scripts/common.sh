# Shared by the scripts here: what they install and how they build.
# Each step looks first whether there is anything left for it to do.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

LLVM_VERSION=22
BUILD_PACKAGES=(
  "llvm-$LLVM_VERSION-dev" "libmlir-$LLVM_VERSION-dev" "libomp-$LLVM_VERSION-dev"
  "mlir-$LLVM_VERSION-tools"
  "clang-$LLVM_VERSION" "lld-$LLVM_VERSION" cmake ninja-build python3-dev python3-venv)
TEST_PACKAGES=(
  "llvm-$LLVM_VERSION-tools" "libclang-rt-$LLVM_VERSION-dev" libgtest-dev
  gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)
LINT_PACKAGES=("clang-format-$LLVM_VERSION" "clang-tidy-$LLVM_VERSION")

say() { printf '== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install_packages PACKAGE...: with apt, those that are not there yet.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null |
      grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# make_venv [REQUIREMENTS...]: a Python in build/venv with test/requirements.txt
# and the given files.
make_venv() {
  local file stamp
  [ -x build/venv/bin/python ] || /usr/bin/python3 -m venv build/venv
  for file in test/requirements.txt "$@"; do
    stamp=build/venv/${file//\//-}
    cmp -s "$file" "$stamp" && continue
    say "installing $file into build/venv"
    build/venv/bin/pip install --quiet --disable-pip-version-check -r "$file"
    cp "$file" "$stamp"
  done
}

# configure PRESET [CMAKE ARGUMENT...]
configure() {
  say "configuring ($1)"
  cmake --preset "$@" -DFP4_PYTHON="$PWD/build/venv/bin/python" >/dev/null
}

# build PRESET TARGET...
build() {
  say "building ($1)"
  cmake --build --preset "$1" --target "${@:2}"
}
