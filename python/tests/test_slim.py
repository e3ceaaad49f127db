"""intact.slim.quant beyond the tutorial: functions of the user's, calibration, weights alone, embeddings."""

import numpy as np
import pytest

import intact
import intact.paddle as paddle
import intact.slim as slim
from intact.paddle import static
from intact.paddle.common_ops_import import LayerHelper

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.standard_normal((8, 1, 8, 8)).astype(np.float32)
LABELS = RANDOM.integers(0, 3, (8, 1))


def pact(x):
    """As PaddleSlim's demo has it."""
    helper = LayerHelper("pact", **locals())
    attr = paddle.ParamAttr(name=x.name + "_pact", initializer=paddle.nn.initializer.Constant(value=20.0),
                            regularizer=paddle.regularizer.L2Decay(0.0001), learning_rate=1)
    bound = helper.create_parameter(attr=attr, shape=[1], dtype="float32")
    above = paddle.nn.functional.relu(x - bound)
    below = paddle.nn.functional.relu(-bound - x)
    return x - above + below


@pytest.fixture
def network(fresh):
    """(train program, test program, loss, logits, executor) of a small convolutional network."""
    main, startup, scope = fresh
    image = static.data("image", [None, 1, 8, 8])
    label = static.data("label", [None, 1], "int64")
    x = static.nn.conv2d(image, 4, 3, act="relu", param_attr=paddle.ParamAttr(name="w"))
    logits = static.nn.fc(static.nn.conv2d(x, 4, 3), 3)
    loss = paddle.nn.functional.cross_entropy(logits, label)
    test = main.clone(for_test=True)
    paddle.optimizer.SGD(0.1).minimize(loss)
    exe = static.Executor()
    exe.run(startup)
    return main, test, loss, logits, exe


def test_pact_learns_its_bounds(network):
    main, test, loss, logits, exe = network
    scope = static.global_scope()
    functions = {"act_preprocess_func": pact, "optimizer_func": lambda: paddle.optimizer.Momentum(0.5, 0.9), "executor": exe}
    train = slim.quant.quant_aware(main, exe.place, None, for_test=False, **functions)
    val = slim.quant.quant_aware(test, exe.place, None, for_test=True, **functions)
    bounds = [name for name in scope.names() if name.endswith("_pact")]
    assert len(bounds) >= 2 and all(scope[name] == 20 for name in bounds)
    for name in bounds:
        scope[name][:] = 0.1  # so that values are cut off and the bounds have gradients
    losses = [float(exe.run(train, {"image": IMAGES, "label": LABELS}, [loss])[0]) for _ in range(20)]
    assert losses[-1] < losses[0] and all(scope[name] != np.float32(0.1) for name in bounds)
    final = slim.quant.convert(val, exe.place)
    ours, theirs = (exe.run(program, {"image": IMAGES, "label": LABELS}, [logits])[0] for program in (val, final))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)  # one float multiplier a channel, in another order


def test_the_bundled_pact_is_the_same(network):
    main, test, loss, logits, exe = network
    results = []
    for function in (pact, intact.pact):
        scope = static.global_scope().clone()
        program = slim.quant.quant_aware(test, exe.place, scope=scope, for_test=True, act_preprocess_func=function)
        results.append(exe.run(program, {"image": 30 * IMAGES, "label": LABELS}, [logits], scope=scope)[0])
    assert (results[0] == results[1]).all()


def test_what_a_function_raises_or_returns_wrongly_comes_out(network):
    main, _, _, _, exe = network

    def broken(x):
        raise RuntimeError(f"no idea about {x.name}")

    with pytest.raises(RuntimeError, match="no idea about"):
        slim.quant.quant_aware(main, exe.place, for_test=True, weight_preprocess_func=broken)
    with pytest.raises(ValueError, match="a function returned 3 for"):
        slim.quant.quant_aware(main, exe.place, for_test=True, weight_preprocess_func=lambda x: 3)


def test_a_weight_function_sees_the_weights(network):
    _, test, _, _, exe = network
    seen = []

    def remember(x):
        seen.append(x.shape)
        return x * 1.0

    slim.quant.quant_aware(test, exe.place, for_test=True, weight_preprocess_func=remember)
    assert (4, 1, 3, 3) in seen


def test_scales_are_found_first_and_handed_on(network):
    _, test, _, _, exe = network
    loader = [{"image": IMAGES, "label": LABELS}]
    config = {"quant_post_first": True}
    _, scales = slim.quant.quant_aware(test, exe.place, config, for_test=True, return_scale_dict=True,
                                       calib_config={"data_loader": loader, "algo": "abs_max"})
    assert scales["image"] == np.abs(IMAGES).max()
    with pytest.raises(ValueError, match="calib_config has \\['loader'\\]"):
        slim.quant.quant_aware(test, exe.place, config, for_test=True, calib_config={"loader": loader})


@pytest.fixture
def saved(network, tmp_path):
    """(directory of a float model, its logits for IMAGES, executor)"""
    _, test, _, logits, exe = network
    static.save_inference_model(str(tmp_path / "float" / "model"), [static.default_main_program().var("image")], [logits],
                                exe, program=test)
    return tmp_path, exe.run(test, {"image": IMAGES, "label": LABELS}, [logits])[0], exe


FILES = {"model_filename": "model.pdmodel", "params_filename": "model.pdiparams"}


def answers(folder, exe):
    with static.scope_guard(static.Scope()):
        program, feeds, fetches = static.load_inference_model(str(folder), exe, **FILES)
        return exe.run(program, {feeds[0]: IMAGES}, fetches)[0]


@pytest.mark.parametrize("source", [
    {"batch_generator": lambda: iter([IMAGES[:4], IMAGES[4:]])},
    {"sample_generator": lambda: iter(IMAGES), "batch_size": 4},
    {"sample_generator": list(zip(IMAGES, LABELS)), "batch_size": 4},
    {"data_loader": [[IMAGES[:4]], [IMAGES[4:]]]},
    {"data_loader": lambda: [[{"image": IMAGES, "label": LABELS}]]}])
def test_each_kind_of_calibration_data_serves(saved, source):
    folder, expected, exe = saved
    slim.quant.quant_post_static(exe, str(folder / "float"), str(folder / "int8"), algo="abs_max", **FILES, **source)
    assert np.abs(answers(folder / "int8", exe) - expected).max() < 0.1 * np.abs(expected).max()


@pytest.mark.parametrize("onnx_format", [False, True])
def test_rounding_can_be_learned(saved, onnx_format):
    folder, expected, exe = saved
    errors, codes = {}, {}
    for kind in ("round", "adaround"):
        slim.quant.quant_post_static(exe, str(folder / "float"), str(folder / kind), algo="abs_max", data_loader=[[IMAGES]],
                                     round_type=kind, weight_bits=4, onnx_format=onnx_format, **FILES)
        errors[kind] = np.square(answers(folder / kind, exe) - expected).mean()
        codes[kind] = intact.load_model(str(folder / kind / "model")).scope["w"].astype(np.float32)
    assert errors["adaround"] < errors["round"] and (codes["adaround"] == np.rint(codes["adaround"])).all()
    assert np.abs(codes["adaround"] - codes["round"]).max() <= 1


def test_batch_norm_is_folded_first(fresh, tmp_path):
    main, startup, scope = fresh
    image = static.data("image", [None, 1, 8, 8])
    out = static.nn.fc(static.nn.batch_norm(static.nn.conv2d(image, 4, 3), act="relu"), 3)
    exe = static.Executor()
    exe.run(startup)
    test = main.clone(for_test=True)
    expected = exe.run(test, {"image": IMAGES}, [out])[0]
    static.save_inference_model(str(tmp_path / "float" / "model"), [image], [out], exe, program=test)
    slim.quant.quant_post_static(exe, str(tmp_path / "float"), str(tmp_path / "int8"), data_loader=[[IMAGES]], algo="abs_max",
                                 optimize_model=True, **FILES)
    types = [op.type for op in intact.load_model(str(tmp_path / "int8" / "model")).program.ops()]
    assert "batch_norm" not in types and "conv2d" in types
    assert np.abs(answers(tmp_path / "int8", exe) - expected).max() < 0.1 * np.abs(expected).max()


def test_one_source_of_calibration_data_is_asked_for(saved):
    folder, _, exe = saved
    with pytest.raises(ValueError, match="0 of batch_generator"):
        slim.quant.quant_post_static(exe, str(folder / "float"), str(folder / "int8"), **FILES)


def test_weights_alone(saved):
    folder, expected, exe = saved
    slim.quant.quant_post_dynamic(str(folder / "float"), str(folder / "dynamic"), **FILES, generate_test_model=True)
    assert np.abs(answers(folder / "dynamic" / "test_model", exe) - expected).max() < 0.05 * np.abs(expected).max()
    stored = intact.load_model(str(folder / "dynamic" / "quantized_model" / "model"))
    assert stored.scope["w"].dtype == np.int8 and np.abs(stored.scope["w"]).max() == 127


def test_embeddings(fresh):
    main, startup, scope = fresh
    ids = static.data("ids", [None, 1], "int64")
    rows = static.nn.embedding(ids, size=[50, 8], param_attr=paddle.ParamAttr(name="table"))
    exe = static.Executor()
    exe.run(startup)
    feed = {"ids": np.arange(50).reshape(50, 1)}
    expected = exe.run(main, feed, [rows])[0]
    config = {"quantize_op_types": ["lookup_table_v2"], "lookup_table_v2": {"quantize_type": "abs_max", "quantize_bits": 8}}
    quantized = slim.quant.quant_embedding(main.clone(for_test=True), exe.place, config)
    got = exe.run(quantized, feed, [rows.name + ".dequantize"])[0]
    assert 0 < np.abs(got - expected).max() <= np.abs(expected).max() / 127
    assert quantized.scope["table.int"].dtype == np.int8 and "table.int" not in scope
