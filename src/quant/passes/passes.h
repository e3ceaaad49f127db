#pragma once

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "quant/convert_context.h"
#include "quant/quant_context.h"
#include "quant/weight_only_context.h"

namespace intact {

// quant_aware. Each file of this folder shows its pass before and after.
PassReport mark_skipped_ops(Program& program, const QuantContext& context);
PassReport insert_weight_fake_quant(Program& program, const QuantContext& context);
PassReport insert_activation_fake_quant(Program& program, const QuantContext& context);
PassReport insert_operator_fake_quant(Program& program, const QuantContext& context);
PassReport record_output_scales(Program& program, const QuantContext& context);

// convert.
PassReport fold_weight_functions(Program& program, ConvertContext& context);
PassReport refresh_weight_scales(Program& program, ConvertContext& context);
PassReport record_output_thresholds(Program& program, ConvertContext& context);
PassReport move_dequantize_behind_ops(Program& program, ConvertContext& context);
PassReport freeze_weights(Program& program, ConvertContext& context);
PassReport cast_weight_codes(Program& program, ConvertContext& context);
PassReport remove_dead_dequantize(Program& program, ConvertContext& context);
PassReport carry_output_scales(Program& program, ConvertContext& context);
PassReport remove_observers(Program& program, ConvertContext& context);
PassReport convert_weights_to_int8(Program& program, ConvertContext& context);

// quant_post_dynamic, quant_embedding.
PassReport quantize_stored_weights(Program& program, DynamicContext& context);
PassReport quantize_embeddings(Program& program, EmbeddingContext& context);

}  // namespace intact
