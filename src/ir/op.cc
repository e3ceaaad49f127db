// Op: slots, attributes, and the checks of append_op.
#include <algorithm>

#include "base/check.h"
#include "base/nearest.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "intact/ir/program.h"
#include "ir/op_checks.h"

namespace intact {
namespace {

const std::vector<Var*> kNoVars;

const std::vector<Var*>& find_slot(const Slots& slots, const std::string& name) {
  const auto it = slots.find(name);
  return it == slots.end() ? kNoVars : it->second;
}

bool contains(const Slots& slots, const Var& var) {
  for (const auto& [slot, vars] : slots) {
    if (std::find(vars.begin(), vars.end(), &var) != vars.end()) {
      return true;
    }
  }
  return false;
}

std::vector<std::string> slot_names(const std::vector<SlotDef>& defs) {
  std::vector<std::string> names;
  for (const SlotDef& def : defs) {
    names.push_back(def.name);
  }
  return names;
}

void check_slots(const Op& op,
                 const Slots& slots,
                 const std::vector<SlotDef>& defs,
                 const char* direction,
                 const Block& block) {
  for (const auto& [name, vars] : slots) {
    const auto def = std::find_if(
        defs.begin(), defs.end(), [&slot = name](const SlotDef& d) { return d.name == slot; });
    check(def != defs.end(),
          "{}: has no {} slot '{}'; its {} slots are {}",
          op.label(),
          direction,
          name,
          direction,
          slot_names(defs));
    check(def->is_list || vars.size() <= 1,
          "{}: {} slot '{}' holds {} Vars but takes one; pass one Var",
          op.label(),
          direction,
          name,
          vars.size());
    for (const Var* var : vars) {
      check(var != nullptr && &var->block() == &block,
            "{}: {} slot '{}' holds a Var of another block; use Vars of the op's own block",
            op.label(),
            direction,
            name);
    }
  }
  for (const SlotDef& def : defs) {
    const bool may_be_absent = def.is_optional || def.is_intermediate;
    check(may_be_absent || !find_slot(slots, def.name).empty(),
          "{}: {} slot '{}' is empty; give it a Var",
          op.label(),
          direction,
          def.name);
  }
}

void check_in_place(const Op& op) {
  for (const auto& [out_slot, in_slot] : op.def().in_place) {
    if (op.has_output(out_slot) && op.has_input(in_slot)) {
      check(&op.output(out_slot) == &op.input(in_slot),
            "{}: output '{}' must be the Var of input '{}', it is updated in place; pass '{}' for "
            "both",
            op.label(),
            out_slot,
            in_slot,
            op.input(in_slot).name());
    }
  }
}

}  // namespace

void check_slots(const Op& op) {
  check_slots(op, op.inputs(), op.def().inputs, "input", op.block());
  check_slots(op, op.outputs(), op.def().outputs, "output", op.block());
  check_in_place(op);
}

void complete_attrs(const Op& op, Attributes& attrs, UnknownAttributes unknown) {
  const OpDef& def = op.def();
  for (const auto& [name, value] : attrs) {
    const AttrDef* attr = def.find_attr(name);
    if (attr == nullptr) {
      if (unknown == UnknownAttributes::Keep || is_meta_attribute(name)) {
        continue;
      }
      std::vector<std::string> known;
      for (const AttrDef& candidate : def.attrs) {
        known.push_back(candidate.name);
      }
      const std::string near = nearest(name, known);
      fail(ErrorCode::InvalidArgument,
           "{}: has no attribute '{}'{}; valid are {}",
           op.label(),
           name,
           near.empty() ? "" : fmt::format(", the nearest is '{}'", near),
           known);
    }
    check(value.index() == attr->default_value.index(),
          "{}: attribute '{}' is a {} but must be a {}; give a {}",
          op.label(),
          name,
          type_name(value),
          type_name(attr->default_value),
          type_name(attr->default_value));
  }
  for (const AttrDef& attr : def.attrs) {
    if (attrs.contains(attr.name)) {
      continue;
    }
    check(
        !attr.is_required, "{}: attribute '{}' is missing; give it a value", op.label(), attr.name);
    attrs.emplace(attr.name, attr.default_value);
  }
}

std::string Op::label() const {
  for (const SlotDef& def : def_->outputs) {
    const std::vector<Var*>& vars = find_slot(outputs_, def.name);
    if (!vars.empty() && vars.front() != nullptr) {
      return fmt::format("{} '{}'", def_->type, vars.front()->name());
    }
  }
  return def_->type;
}

bool Op::has_input(const std::string& slot) const {
  return !find_slot(inputs_, slot).empty();
}
bool Op::has_output(const std::string& slot) const {
  return !find_slot(outputs_, slot).empty();
}

Var& Op::input(const std::string& slot, size_t index) const {
  const std::vector<Var*>& vars = find_slot(inputs_, slot);
  if (index >= vars.size()) {
    fail(ErrorCode::NotFound,
         "{}: input {}[{}] does not exist, the slot holds {}",
         label(),
         slot,
         index,
         vars.size());
  }
  return *vars[index];
}

Var& Op::output(const std::string& slot, size_t index) const {
  const std::vector<Var*>& vars = find_slot(outputs_, slot);
  if (index >= vars.size()) {
    fail(ErrorCode::NotFound,
         "{}: output {}[{}] does not exist, the slot holds {}",
         label(),
         slot,
         index,
         vars.size());
  }
  return *vars[index];
}

const std::vector<Var*>& Op::input_list(const std::string& slot) const {
  return find_slot(inputs_, slot);
}
const std::vector<Var*>& Op::output_list(const std::string& slot) const {
  return find_slot(outputs_, slot);
}
bool Op::reads(const Var& var) const {
  return contains(inputs_, var);
}
bool Op::writes(const Var& var) const {
  return contains(outputs_, var);
}

void Op::set_attr(const std::string& name, Attribute value) {
  attrs_.insert_or_assign(name, std::move(value));
  block_->touch();
}

void Op::remove_attr(const std::string& name) {
  attrs_.erase(name);
  block_->touch();
}

int32_t Op::role() const {
  return attr_or<int32_t>("op_role", role::kForward);
}

const Attribute& Op::attribute(const std::string& name) const {
  const auto it = attrs_.find(name);
  if (it == attrs_.end()) {
    fail(ErrorCode::NotFound, "{}: has no attribute '{}'; set it first", label(), name);
  }
  return it->second;
}

void Op::throw_attr_type(const std::string& name, const Attribute& value) const {
  fail(ErrorCode::InvalidArgument,
       "{}: attribute '{}' is a {}, which is not the type asked for; check the op's definition",
       label(),
       name,
       type_name(value));
}

Op& Block::insert_op(size_t position, OpSpec spec, UnknownAttributes unknown) {
  auto op = std::unique_ptr<Op>(new Op);
  op->def_ = &op_registry().get(spec.type);
  op->block_ = this;
  // Empty slots mean absent.
  std::erase_if(spec.inputs, [](const auto& slot) { return slot.second.empty(); });
  std::erase_if(spec.outputs, [](const auto& slot) { return slot.second.empty(); });
  op->inputs_ = std::move(spec.inputs);
  op->outputs_ = std::move(spec.outputs);
  check_slots(*op);
  op->attrs_ = std::move(spec.attrs);
  complete_attrs(*op, op->attrs_, unknown);
  InferContext context(*op);
  op->def_->infer(context);
  return insert_linked(position, std::move(op));
}

void InferContext::set_output(const std::string& slot, Shape shape, DType dtype, size_t index) {
  const std::vector<Var*>& vars = op_.output_list(slot);
  if (index >= vars.size()) {
    return;
  }
  vars[index]->set_shape(std::move(shape));
  vars[index]->set_dtype(dtype);
}

size_t KernelContext::count(const TensorSlots& slots, const std::string& slot) {
  const auto it = slots.find(slot);
  return it == slots.end() ? 0 : it->second.size();
}

const Tensor& KernelContext::at(const TensorSlots& slots,
                                const std::string& slot,
                                size_t index) const {
  if (index >= count(slots, slot)) {
    fail(ErrorCode::NotFound, "{}: tensor {}[{}] is not bound", where(), slot, index);
  }
  return slots.find(slot)->second[index];
}

void GradientContext::append_grad_op(const GradOp& grad_op) {
  OpSpec spec;
  spec.type = op().type() + "_grad";
  for (const std::string& slot : grad_op.input_grads) {
    for (size_t i = 0; i < op().input_list(slot).size(); ++i) {
      if (Var* grad = input_grad(slot, i)) {
        spec.outputs[grad_name(slot)].push_back(grad);
      }
    }
  }
  if (spec.outputs.empty()) {
    return;
  }
  for (const std::string& slot : grad_op.inputs) {
    if (op().has_input(slot)) {
      spec.inputs[slot] = op().input_list(slot);
    }
  }
  for (const std::string& slot : grad_op.outputs) {
    if (op().has_output(slot)) {
      spec.inputs[slot] = op().output_list(slot);
    }
  }
  for (const std::string& slot : grad_op.output_grads) {
    for (size_t i = 0; i < op().output_list(slot).size(); ++i) {
      if (Var* grad = output_grad(slot, i)) {
        spec.inputs[grad_name(slot)].push_back(grad);
      }
    }
  }
  const OpDef& def = op_registry().get(spec.type);
  for (const AttrDef& attr : def.attrs) {
    if (op().has_attr(attr.name)) {
      spec.attrs.emplace(attr.name, op().attrs().at(attr.name));
    }
  }
  append(std::move(spec));
}

}  // namespace intact
