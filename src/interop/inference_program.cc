#include "interop/inference_program.h"

#include <set>

#include "base/check.h"
#include "intact/interop/paddle.h"
#include "intact/ir/rewriter.h"

namespace intact {
namespace {

/// The ops that `fetches` need, in test mode.
Program evaluation_part(const Program& program,
                        const std::vector<std::string>& feeds,
                        const std::vector<std::string>& fetches) {
  Program forward = program.clone();
  Rewriter rewriter(forward.block());
  for (Op* op : forward.ops()) {
    if (!op->is_forward()) {
      rewriter.erase(*op);
    }
  }
  Program part = forward.prune(feeds, fetches);
  for (Op* op : part.ops()) {
    const AttrDef* attr = op->def().find_attr("is_test");
    if (attr != nullptr && !attr->is_extra) {
      op->set_attr("is_test", true);
    }
  }
  return part;
}

/// Every Var an op reads must be fed, stored, or written before.
void check_inputs(const std::string& where,
                  const Program& program,
                  const std::vector<std::string>& feeds,
                  const std::vector<std::string>& fetches) {
  std::set<std::string> known(feeds.begin(), feeds.end());
  std::set<std::string> read(fetches.begin(), fetches.end());
  for (const Op* op : program.ops()) {
    for (const auto& [slot, vars] : op->inputs()) {
      for (const Var* var : vars) {
        check(var->is_persistable() || known.contains(var->name()),
              "{}: {} reads '{}', which is not fed; add it to the feeds or fetch "
              "something before it, for example the network's output instead of the loss",
              where,
              op->label(),
              var->name());
        read.insert(var->name());
      }
    }
    for (const auto& [slot, vars] : op->outputs()) {
      for (const Var* var : vars) {
        known.insert(var->name());
      }
    }
  }
  for (const std::string& fetch : fetches) {
    check(known.contains(fetch) || program.var(fetch).is_persistable(),
          "{}: nothing writes '{}', which is to be fetched; fetch an op's output",
          where,
          fetch);
  }
  for (const std::string& feed : feeds) {
    check(read.contains(feed),
          "{}: nothing that is fetched needs the feed '{}'; leave it out",
          where,
          feed);
  }
}

void check_params(const std::string& where, const Program& program, const Scope& scope) {
  for (const std::string& name : param_names(program)) {
    const Shape& stored = scope.get(name).shape();
    const Shape& declared = program.var(name).shape();
    check(compatible(stored, declared),
          "{}: parameter '{}' is {} in the scope but {} in the program; use the "
          "scope the program was trained with",
          where,
          name,
          stored.to_string(),
          declared.to_string());
  }
}

}  // namespace

Program inference_program(const std::string& where,
                          const Program& program,
                          const Scope& scope,
                          const std::vector<std::string>& feeds,
                          const std::vector<std::string>& fetches) {
  check(!fetches.empty(), "{}: there is nothing to fetch; name a Var", where);
  for (const auto& [names, what] : {std::pair{&feeds, "feed"}, std::pair{&fetches, "fetch"}}) {
    const std::set<std::string> distinct(names->begin(), names->end());
    check(distinct.size() == names->size(),
          "{}: a {} is named twice in {}; name each once",
          where,
          what,
          *names);
    for (const std::string& name : *names) {
      program.var(name);  // throws NotFound
    }
  }
  Program part = evaluation_part(program, feeds, fetches);
  check_inputs(where, part, feeds, fetches);
  check_params(where, part, scope);
  return part;
}

}  // namespace intact
