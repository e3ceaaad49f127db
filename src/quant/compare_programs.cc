#include "quant/compare_programs.h"

#include <map>

#include "base/check.h"

namespace intact {
namespace {

Op* producer_of(const Var& var) {
  return var.producers().size() == 1 ? var.producers().front() : nullptr;
}

/// Attributes that say what the op computes.
Attributes meaning_of(const Op& op) {
  Attributes attrs = op.attrs();
  std::erase_if(attrs, [&](const auto& attr) {
    return is_meta_attribute(attr.first) || op.def().find_attr(attr.first) == nullptr;
  });
  return attrs;
}

std::string kind_of(const Var& var) {
  const Op* producer = producer_of(var);
  return producer != nullptr    ? producer->label()
         : var.is_persistable() ? fmt::format("the constant '{}'", var.name())
                                : fmt::format("the feed '{}'", var.name());
}

/// Walks both programs from an output to the feeds, side by side.
class Walk {
 public:
  Walk(const InferenceModel& expected, const InferenceModel& found)
      : expected_(expected), found_(found) {}

  /// where: what reads the two.
  void compare(const std::string& where, const Var& a, const Var& b) {
    const auto [seen, is_new] = partner_.emplace(&a, &b);
    if (!is_new) {
      if (seen->second != &b) {
        add("{} reads {} where {} is expected", where, kind_of(b), kind_of(a));
      }
      return;
    }
    const Op* op = producer_of(a);
    const Op* other = producer_of(b);
    if (op == nullptr && other == nullptr) {
      compare_leaves(where, a, b);
    } else if (op == nullptr || other == nullptr || op->type() != other->type()) {
      add("{} reads {} where {} is expected", where, kind_of(b), kind_of(a));
    } else {
      compare_ops(*op, *other);
    }
  }

  std::vector<std::string> differences;

 private:
  template <class... Args>
  void add(fmt::format_string<Args...> format, Args&&... args) {
    differences.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  void compare_leaves(const std::string& where, const Var& a, const Var& b) {
    if (a.is_persistable() != b.is_persistable() || (!a.is_persistable() && a.name() != b.name())) {
      add("{} reads {} where {} is expected", where, kind_of(b), kind_of(a));
      return;
    }
    const Tensor* value = expected_.scope.find(a.name());
    const Tensor* other = found_.scope.find(b.name());
    if (a.is_persistable() && (value == nullptr || other == nullptr || !value->identical(*other))) {
      add("{} reads '{}', whose values differ or are missing", where, b.name());
    }
  }

  void compare_ops(const Op& a, const Op& b) {
    if (meaning_of(a) != meaning_of(b)) {
      add("{} has other attributes", b.label());
    }
    for (const SlotDef& slot : a.def().inputs) {
      const auto& ours = a.input_list(slot.name);
      const auto& theirs = b.input_list(slot.name);
      if (ours.size() != theirs.size()) {
        add("{} has {} inputs in {} where {} are expected",
            b.label(),
            theirs.size(),
            slot.name,
            ours.size());
        continue;
      }
      for (size_t i = 0; i < ours.size(); ++i) {
        compare(b.label(), *ours[i], *theirs[i]);
      }
    }
  }

  const InferenceModel& expected_;
  const InferenceModel& found_;
  std::map<const Var*, const Var*> partner_;
};

}  // namespace

std::vector<std::string> compare_programs(const InferenceModel& expected,
                                          const InferenceModel& found) {
  if (expected.fetches.size() != found.fetches.size()) {
    return {fmt::format(
        "{} outputs where {} are expected", found.fetches.size(), expected.fetches.size())};
  }
  Walk walk(expected, found);
  for (size_t i = 0; i < expected.fetches.size(); ++i) {
    walk.compare("the caller",
                 expected.program.var(expected.fetches[i]),
                 found.program.var(found.fetches[i]));
  }
  return walk.differences;
}

}  // namespace intact
