#pragma once

namespace intact::cpu {

/// None: z. Relu: max(z,0). Relu6: min(max(z,0),6).
enum class Activation { None, Relu, Relu6 };

}  // namespace intact::cpu
