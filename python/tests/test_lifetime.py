"""What Python keeps of a Program, and for how long both live."""

import gc
import weakref

import numpy as np
import pytest

import intact
from intact import nn, slim
from intact.paddle import static


def network():
    x = nn.data("x", [None, 1, 8, 8])
    return nn.mean(nn.conv2d(x, filters=2, kernel=3))


def programs():
    gc.collect()
    return sum(isinstance(thing, intact.Program) for thing in gc.get_objects())


@pytest.mark.parametrize("argument", ["weight_preprocess_func", "act_preprocess_func", "weight_quantize_func",
                                      "act_quantize_func"])
def test_vars_a_function_keeps_outlive_quant_aware(fresh, argument):
    main, startup, scope = fresh
    network()
    intact.Executor().run(startup, scope=scope)
    kept = []

    def function(x):
        y = nn.relu(x * 2.0)
        kept.extend([x, y, y.block.ops[0], intact.default_main_program()])
        return y

    intact.quant_aware(main, for_test=True, scope=scope, **{argument: function})
    del function
    gc.collect()
    [intact.quant_aware(main, for_test=True, scope=scope) for _ in range(3)]  # what is free would be written over
    x, y, op, program = kept[:4]
    assert x.name in ("x_tmp_input", "conv2d_0.w_0_tmp_input") and x.shape in ((-1, 1, 8, 8), (2, 1, 3, 3))
    assert op.type == "scale" and op.input("X").name == x.name and y.producers()[0].type == "relu"
    assert [made.type for made in program.ops()] == ["scale", "relu"] and program.var(y.name).shape == y.shape


def test_what_a_function_keeps_outlives_an_error(fresh):
    main, _, scope = fresh
    network()
    kept = []

    def function(x):
        kept.append(nn.relu(x))
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        intact.quant_aware(main, for_test=True, scope=scope, weight_preprocess_func=function)
    gc.collect()
    assert kept[0].producers()[0].type == "relu"


def test_an_optimizers_programs_live_with_what_is_kept(fresh):
    main, startup, scope = fresh
    loss = network()
    intact.Momentum(0.1).minimize(loss)
    intact.Executor().run(startup, scope=scope)
    kept = []

    class Keeps:
        def minimize(self, loss):
            kept.extend([loss, intact.Momentum(0.1).minimize(loss), intact.default_startup_program()])

    intact.quant_aware(main, scope=scope, act_preprocess_func=intact.pact, optimizer_func=Keeps)
    gc.collect()
    loss, pairs, start = kept
    assert loss.producers()[0].type == "reduce_mean" and pairs[0][0].is_parameter
    assert "fill_constant" in [op.type for op in start.ops()]


def test_programs_end_with_the_last_var(fresh):
    main, startup, scope = fresh
    network()
    intact.Executor().run(startup, scope=scope)
    kept, references = [], []

    def function(x):
        kept.append(nn.relu(x))
        references.append(weakref.ref(intact.default_main_program()))
        return kept[-1]

    intact.quant_aware(main, for_test=True, scope=scope, weight_preprocess_func=function)
    gc.collect()
    assert references[0]() is not None
    kept.clear()
    gc.collect()
    assert references[0]() is None


def test_a_var_of_a_function_is_refused_elsewhere(fresh):
    main, _, scope = fresh
    network()
    kept = []

    def function(x):
        kept.append(x)
        return x * 1.0

    intact.quant_aware(main, for_test=True, scope=scope, weight_preprocess_func=function)
    with pytest.raises(intact.Error, match="slot 'X' holds a Var of another block"):
        nn.relu(kept[0])


def test_parts_of_a_result_keep_it(fresh):
    main, startup, scope = fresh
    image = nn.data("x", [None, 1, 8, 8])
    out = nn.conv2d(image, filters=2, kernel=3)
    static.Executor().run(startup)
    quantized = slim.quant.quant_aware(main.clone(for_test=True), intact.CpuPlace(), for_test=True)
    converted = intact.convert(quantized, scope=scope)
    program, values = converted.float_program, converted.scope
    op, name = program.ops()[0], values.names()[0]
    weights = values.get(name)
    expected = np.array(weights)
    del converted, program, values
    gc.collect()
    assert op.type and op.label() and (weights == expected).all()
