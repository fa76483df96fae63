// Types of tensor memory that there are not.

// RUN: fp4-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expects 32, 64, 128, 256 or 512 columns, but got 16}}
func.func private @f(!tcgen05.allocation<16>)

// -----

// expected-error @below {{expects 32, 64, 128, 256 or 512 columns, but got 96}}
func.func private @f(!tcgen05.allocation<96>)

// -----

// expected-error @below {{expects 32, 64, 128, 256 or 512 columns, but got 1024}}
func.func private @f(!tcgen05.allocation<1024>)

// -----

// expected-error @below {{expects 32, 64, 128, 256 or 512 columns, but got -32}}
func.func private @f(!tcgen05.allocation<-32>)

// -----

// expected-error @below {{integer value too large}}
// expected-error @below {{failed to parse TCGen05_Allocation parameter 'columns' which is to be a `int64_t`}}
func.func private @f(!tcgen05.allocation<99999999999999999999>)

// -----

// expected-error @below {{expected '<'}}
func.func private @f(!tcgen05.allocation)

// -----

// expected-error @below {{expects a multiple of 8 from 8 to 256 columns, but got 0}}
func.func private @f(!tcgen05.accumulator<0>)

// -----

// expected-error @below {{expects a multiple of 8 from 8 to 256 columns, but got 12}}
func.func private @f(!tcgen05.accumulator<12>)

// -----

// expected-error @below {{expects a multiple of 8 from 8 to 256 columns, but got 264}}
func.func private @f(!tcgen05.accumulator<264>)

// -----

// expected-error @below {{expects f8E4M3FN or f8E8M0FNU elements, but got 'f8E5M2'}}
func.func private @f(!tcgen05.scales<1x4xf8E5M2>)

// -----

// expected-error @below {{expects 1 or 2 tiles of 128 rows, but got 0}}
func.func private @f(!tcgen05.scales<0x4xf8E4M3FN>)

// -----

// expected-error @below {{expects 1 or 2 tiles of 128 rows, but got 3}}
func.func private @f(!tcgen05.scales<3x4xf8E4M3FN>)

// -----

// expected-error @below {{expects 1 to 128 tiles of 4 scales, but got 0}}
func.func private @f(!tcgen05.scales<1x0xf8E4M3FN>)

// -----

// expected-error @below {{expects 1 to 128 tiles of 4 scales, but got 129}}
func.func private @f(!tcgen05.scales<1x129xf8E4M3FN>)

// -----

// As many as no memory has, and a product that fits into no integer.
// expected-error @below {{expects 1 to 128 tiles of 4 scales, but got 9223372036854775807}}
func.func private @f(!tcgen05.scales<2x9223372036854775807xf8E4M3FN>)

// -----

// expected-error @below {{2 tiles of 128 rows by 65 tiles of 4 scales take 520 columns, but there are 512}}
func.func private @f(!tcgen05.scales<2x65xf8E4M3FN>)

// -----

// expected-error @below {{expects row tiles x column tiles x element type}}
func.func private @f(!tcgen05.scales<4xf8E4M3FN>)

// -----

// expected-error @below {{expects row tiles x column tiles x element type}}
func.func private @f(!tcgen05.scales<1x4x1xf8E4M3FN>)

// -----

// expected-error @below {{expects row tiles x column tiles x element type}}
func.func private @f(!tcgen05.scales<f8E4M3FN>)

// -----

// expected-error @below {{expected static shape}}
func.func private @f(!tcgen05.scales<1x?xf8E4M3FN>)

// -----

// expected-error @below {{expected '<'}}
func.func private @f(!tcgen05.scales)

// -----

// expected-error @below {{expected non-function type}}
func.func private @f(!tcgen05.scales<1x4x>)

// -----

// expected-error @below {{expected '>'}}
func.func private @f(!tcgen05.scales<1x4xf8E4M3FN, 3>)

// -----

// expected-error @below {{unknown  type `tile` in dialect `tcgen05`}}
func.func private @f(!tcgen05.tile<1>)
