#pragma once

namespace intact::cpu {

/// What this machine reaches with the current number of threads, measured.
struct MachinePeak {
  double float_flops = 0;   // a second: multiply-adds on registers, counted as two
  double sgemm_flops = 0;   // the same: our float GEMM, the best of some sizes
  double code_flops = 0;    // the same: our GEMM of int8 codes, 768 x 768 x 768
  double memory_bytes = 0;  // read and written a second: copy of 64 MiB
};

/// Takes about half a second.
MachinePeak measure_machine_peak();

}  // namespace intact::cpu
