//===- Requirements.cpp - What instructions need of a chip ----------------===//
//
// Part of the fp4 project, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The table of intrinsics was found by experiment, on all 2569 of LLVM 22.1
// that begin with llvm.nvvm: each was compiled for each chip of Chip.cpp with
// its version of PTX, in a process of its own, and this is the shortest list of
// prefixes that says which of them lived.
//
//===----------------------------------------------------------------------===//

#include "fp4/Target/NVVM/Requirements.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;
using namespace mlir::fp4;
using namespace mlir::fp4::nvvm;

namespace {
/// Sets of chips that have something.
enum Needs {
  Any,
  Ada,          ///< sm_89 and later, or a later PTX than sm_80 is given
  Hopper,       ///< sm_90a and later
  WGMMA,        ///< sm_90a
  PTX81,        ///< chips that are given PTX 8.1 and later
  Blackwell,    ///< sm_100a and later, or a later PTX than sm_90a is given
  TensorMemory, ///< sm_100a and sm_103a
  BlackwellRTX, ///< sm_120a
  Nothing,      ///< none: the intrinsic is no longer selected, or never was
};

struct Requirement {
  StringLiteral prefix;
  Needs needs;
  StringLiteral what = "";
};
} // namespace

/// In the order of the names. Of several prefixes, the longest one says it.
static constexpr Requirement intrinsics[] = {
    {"applypriority", Ada},
    {"barrier.cluster", Hopper, "clusters"},
    {"bf16x2.to.ue8m0x2", Blackwell, "conversions to e8m0"},
    {"bf2h.rn", Nothing},
    {"bmsk", Ada},
    {"clusterlaunchcontrol", Blackwell, "cluster launch control"},
    {"cp.async.bulk", Hopper, "bulk copies (TMA)"},
    {"cp.async.bulk.global.to.shared.cta", Blackwell},
    {"cp.async.bulk.shared.cta.to.global.bytemask", Blackwell},
    {"cp.async.bulk.tensor.g2s.cta", Blackwell},
    {"cp.async.bulk.tensor.g2s.cta.im2col.w.128", TensorMemory},
    {"cp.async.bulk.tensor.g2s.im2col.w", TensorMemory},
    {"cp.async.bulk.tensor.g2s.tile.gather4.2d", TensorMemory},
    {"cp.async.bulk.tensor.prefetch.im2col.w", TensorMemory},
    {"cp.async.bulk.tensor.prefetch.tile.gather4.2d", TensorMemory},
    {"cp.async.bulk.tensor.s2g.tile.scatter4.2d", TensorMemory},
    {"discard", Ada},
    {"e2m1x2.to.f16x2.rn", Blackwell, "conversions of e2m1"},
    {"e2m3x2.to.f16x2.rn", Blackwell, "conversions of e2m3"},
    {"e3m2x2.to.f16x2.rn", Blackwell, "conversions of e3m2"},
    {"e4m3x2.to.f16x2.rn", Ada, "conversions of e4m3"},
    {"e5m2x2.to.f16x2.rn", Ada, "conversions of e5m2"},
    {"elect.sync", Hopper},
    {"f16x2.to", Ada, "conversions to 8-bit floats"},
    {"f2bf16.rn.relu.satfinite", PTX81},
    {"f2bf16.rn.satfinite", PTX81},
    {"f2bf16.rz.relu.satfinite", PTX81},
    {"f2bf16.rz.satfinite", PTX81},
    {"f2f16.rn.relu.satfinite", PTX81},
    {"f2f16.rn.satfinite", PTX81},
    {"f2f16.rz.relu.satfinite", PTX81},
    {"f2f16.rz.satfinite", PTX81},
    {"f2tf32.rn", Hopper},
    {"f2tf32.rn.relu.satfinite", Blackwell},
    {"f2tf32.rn.satfinite", Blackwell},
    {"f2tf32.rna.satfinite", PTX81},
    {"f2tf32.rz", Hopper},
    {"f2tf32.rz.relu.satfinite", Blackwell},
    {"f2tf32.rz.satfinite", Blackwell},
    {"f32x4.to", TensorMemory},
    {"fence", Blackwell},
    {"fence.mbarrier_init.release.cluster", Hopper, "clusters"},
    {"fence.proxy.alias", Ada},
    {"fence.proxy.async", Hopper, "bulk copies (TMA)"},
    {"fence.proxy.tensormap_generic.acquire", Blackwell},
    {"fence.sc.cluster", Hopper, "clusters"},
    {"ff.to", Blackwell, "conversions to 4-bit and 6-bit floats and e8m0"},
    {"ff.to.e4m3x2.rn", Ada, "conversions to e4m3"},
    {"ff.to.e5m2x2.rn", Ada, "conversions to e5m2"},
    {"ff2bf16x2.rn.relu.satfinite", PTX81},
    {"ff2bf16x2.rn.satfinite", PTX81},
    {"ff2bf16x2.rs", TensorMemory},
    {"ff2bf16x2.rz.relu.satfinite", PTX81},
    {"ff2bf16x2.rz.satfinite", PTX81},
    {"ff2f16x2.rn.relu.satfinite", PTX81},
    {"ff2f16x2.rn.satfinite", PTX81},
    {"ff2f16x2.rs", TensorMemory},
    {"ff2f16x2.rz.relu.satfinite", PTX81},
    {"ff2f16x2.rz.satfinite", PTX81},
    {"fma.rn.ftz.bf16x2", Nothing},
    {"fma.rn.ftz.relu.bf16x2", Nothing},
    {"fma.rn.ftz.sat.bf16x2", Nothing},
    {"fma.rn.sat.bf16x2", Nothing},
    {"fmax.ftz.bf16", Nothing},
    {"fmax.ftz.bf16x2", Nothing},
    {"fmax.ftz.nan.bf16", Nothing},
    {"fmax.ftz.nan.bf16x2", Nothing},
    {"fmax.ftz.nan.xorsign.abs", Ada},
    {"fmax.ftz.nan.xorsign.abs.bf16", Nothing},
    {"fmax.ftz.nan.xorsign.abs.bf16x2", Nothing},
    {"fmax.ftz.xorsign.abs", Ada},
    {"fmax.ftz.xorsign.abs.bf16", Nothing},
    {"fmax.ftz.xorsign.abs.bf16x2", Nothing},
    {"fmax.nan.xorsign.abs", Ada},
    {"fmax.xorsign.abs", Ada},
    {"fmin.ftz.bf16", Nothing},
    {"fmin.ftz.bf16x2", Nothing},
    {"fmin.ftz.nan.bf16", Nothing},
    {"fmin.ftz.nan.bf16x2", Nothing},
    {"fmin.ftz.nan.xorsign.abs", Ada},
    {"fmin.ftz.nan.xorsign.abs.bf16", Nothing},
    {"fmin.ftz.nan.xorsign.abs.bf16x2", Nothing},
    {"fmin.ftz.xorsign.abs", Ada},
    {"fmin.ftz.xorsign.abs.bf16", Nothing},
    {"fmin.ftz.xorsign.abs.bf16x2", Nothing},
    {"fmin.nan.xorsign.abs", Ada},
    {"fmin.xorsign.abs", Ada},
    {"getctarank", Hopper, "clusters"},
    {"griddepcontrol", Hopper, "programmatic launch (griddepcontrol)"},
    {"is_explicit_cluster", Hopper, "clusters"},
    {"isspacep.shared.cluster", Hopper, "clusters"},
    {"ldmatrix.sync.aligned.m16n16", Blackwell},
    {"ldmatrix.sync.aligned.m8n16", Blackwell},
    {"mapa", Hopper, "clusters"},
    {"mbarrier.arrive.drop.expect.tx.relaxed.scope", Blackwell,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.arrive.drop.expect.tx.scope", Hopper,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.arrive.drop.relaxed.scope", Blackwell},
    {"mbarrier.arrive.drop.scope", Hopper},
    {"mbarrier.arrive.expect.tx.relaxed.scope", Blackwell,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.arrive.expect.tx.scope", Hopper,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.arrive.relaxed.scope", Blackwell},
    {"mbarrier.arrive.scope", Hopper},
    {"mbarrier.complete.tx.scope", Hopper,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.expect.tx.scope", Hopper,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.test.wait.parity.relaxed.scope", Blackwell},
    {"mbarrier.test.wait.parity.scope.cluster.space.cta", Hopper},
    {"mbarrier.test.wait.parity.scope.cta.space.cta", Ada},
    {"mbarrier.test.wait.relaxed.scope", Blackwell},
    {"mbarrier.test.wait.scope.cluster.space.cta", Hopper},
    {"mbarrier.try.wait", Blackwell},
    {"mbarrier.try.wait.parity.scope", Hopper},
    {"mbarrier.try.wait.parity.tl.scope", Hopper},
    {"mbarrier.try.wait.scope", Hopper},
    {"mbarrier.try.wait.tl.scope", Hopper},
    {"mma.and.popc", Ada},
    {"mma.block.scale", BlackwellRTX,
     "block-scaled products of a warp (mma.sync)"},
    {"mma.m16n8k16.row.col.f16.e4m3", Blackwell},
    {"mma.m16n8k16.row.col.f16.e5m2", Blackwell},
    {"mma.m16n8k16.row.col.f32.e4m3", Blackwell},
    {"mma.m16n8k16.row.col.f32.e5m2", Blackwell},
    {"mma.m16n8k16.row.col.f64", Hopper},
    {"mma.m16n8k32.row.col.f16", Blackwell},
    {"mma.m16n8k32.row.col.f32", Blackwell},
    {"mma.m16n8k32.row.col.kind.f8f6f4", BlackwellRTX},
    {"mma.m16n8k4.row.col.f64", Hopper},
    {"mma.m16n8k8.row.col.f64", Hopper},
    {"mma.sp", Ada},
    {"mma.sp.m16n8k64.row.col.f32", Blackwell},
    {"mma.sp.ordered.metadata", Blackwell},
    {"mma.sp.ordered.metadata.block.scale", BlackwellRTX,
     "block-scaled products of a warp (mma.sync)"},
    {"mma.sp.ordered.metadata.m16n8k64.row.col.kind.f8f6f4", BlackwellRTX},
    {"prefetch", Hopper},
    {"prefetchu.L1", Hopper},
    {"read.ptx.sreg.aggr_smem_size", Blackwell},
    {"read.ptx.sreg.cluster", Hopper, "clusters"},
    {"read.ptx.sreg.clusterid", Hopper, "clusters"},
    {"read.ptx.sreg.nclusterid", Hopper, "clusters"},
    {"redux.sync.fmax", TensorMemory},
    {"redux.sync.fmin", TensorMemory},
    {"setmaxnreg", Hopper, "setmaxnreg"},
    {"sext", Ada},
    {"shfl", Nothing},
    {"shfl.sync", Any},
    {"st.bulk", Blackwell},
    {"stmatrix.sync.aligned.m16n8", Blackwell},
    {"stmatrix.sync.aligned.m8n8", Hopper},
    {"tcgen05", TensorMemory, "tensor memory (tcgen05)"},
    {"tensormap.replace", Blackwell},
    {"texsurf.handle", Nothing},
    {"ue8m0x2.to.bf16x2", Blackwell, "conversions of e8m0"},
    {"wgmma", WGMMA, "warpgroup products (wgmma)"},
    {"wmma.m8n8k128.mma.and.popc.row.col.b1", Ada},
    {"zext", Ada},
};

/// NVVM ops, by what their simplest forms need. Ops that become inline PTX have
/// no intrinsics.
static constexpr Requirement ops[] = {
    {"cluster", Hopper, "clusters"},
    {"clusterlaunchcontrol", Blackwell, "cluster launch control"},
    {"convert.bf16x2.to.f8x2", Ada, "conversions to 8-bit floats"},
    {"convert.f16x2.to.f8x2", Ada, "conversions to 8-bit floats"},
    {"convert.f32x2.to.f4x2", Blackwell, "conversions to e2m1"},
    {"convert.f32x2.to.f6x2", Blackwell, "conversions to 6-bit floats"},
    {"convert.f32x2.to.f8x2", Ada, "conversions to 8-bit floats"},
    {"convert.f32x4.to", TensorMemory, "conversions with random bits"},
    {"convert.f4x2.to", Blackwell, "conversions of e2m1"},
    {"convert.f6x2.to", Blackwell, "conversions of 6-bit floats"},
    {"convert.f8x2.to", Ada, "conversions of 8-bit floats"},
    {"cp.async.bulk", Hopper, "bulk copies (TMA)"},
    {"elect.sync", Hopper, "elect.sync"},
    {"fence.mbarrier.init", Hopper, "clusters"},
    {"fence.proxy", Ada, "fences of proxies"},
    {"fence.proxy.acquire", Blackwell, "fences of tensor maps"},
    {"fence.proxy.release", Blackwell, "fences of tensor maps"},
    {"fence.sc.cluster", Hopper, "clusters"},
    {"griddepcontrol", Hopper, "programmatic launch (griddepcontrol)"},
    {"mapa", Hopper, "clusters"},
    {"mbarrier.arrive.expect_tx", Hopper,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.arrive_drop.expect_tx", Hopper,
     "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.complete_tx", Hopper, "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.expect_tx", Hopper, "barriers that count bytes (mbarrier tx)"},
    {"mbarrier.try_wait", Hopper, "mbarrier.try_wait"},
    {"mma.block_scale", BlackwellRTX,
     "block-scaled products of a warp (mma.sync)"},
    {"mma.sp.block_scale", BlackwellRTX,
     "block-scaled products of a warp (mma.sync)"},
    {"prefetch", Hopper, "prefetches"},
    {"read.ptx.sreg.cluster", Hopper, "clusters"},
    {"read.ptx.sreg.clusterid", Hopper, "clusters"},
    {"read.ptx.sreg.nclusterid", Hopper, "clusters"},
    {"setmaxregister", Hopper, "setmaxnreg"},
    {"st.bulk", Blackwell, "st.bulk"},
    {"stmatrix", Hopper, "stmatrix"},
    {"tcgen05", TensorMemory, "tensor memory (tcgen05)"},
    {"wgmma", WGMMA, "warpgroup products (wgmma)"},
};

static bool has(const Chip &chip, Needs needs) {
  switch (needs) {
  case Any:
    return true;
  case Ada:
    return chip.hasConvertE4M3();
  case Hopper:
    return chip.hasTMA();
  case WGMMA:
    return chip.has(MMAKind::WGMMA);
  case PTX81:
    return chip.getMinPTXVersion() >= 81;
  case Blackwell:
    return chip.hasConvertE2M1();
  case TensorMemory:
    return chip.hasTensorMemory();
  case BlackwellRTX:
    return chip.has(MMAKind::MMASyncMXF4NVF4);
  case Nothing:
    return false;
  }
  llvm_unreachable("not in the list");
}

/// Whether `name` is `prefix`, or begins with it and a dot.
static bool isPrefix(StringRef prefix, StringRef name) {
  return name.consume_front(prefix) && (name.empty() || name.front() == '.');
}

static std::optional<std::string> getMissing(StringRef name,
                                             ArrayRef<Requirement> table,
                                             StringRef fullName,
                                             const Chip &chip) {
  const Requirement *found = nullptr;
  for (const Requirement &requirement : table)
    if (isPrefix(requirement.prefix, name) &&
        (!found || requirement.prefix.size() > found->prefix.size()))
      found = &requirement;
  if (!found || has(chip, found->needs))
    return std::nullopt;
  if (found->what.empty())
    return "'" + fullName.str() + "'";
  return found->what.str();
}

std::optional<std::string> nvvm::getMissing(StringRef name, const Chip &chip) {
  StringRef rest = name;
  if (rest.consume_front("llvm.nvvm."))
    return ::getMissing(rest, intrinsics, name, chip);
  if (rest.consume_front("nvvm."))
    return ::getMissing(rest, ops, name, chip);
  return std::nullopt;
}
