"""intact.paddle's tensor functions against numpy."""

import numpy as np
import pytest

import intact
import intact.paddle as paddle
import intact.paddle.nn.functional as F
from intact.paddle import static

X = np.random.default_rng(0).uniform(0.5, 2, (2, 3, 4)).astype(np.float32)
Y = np.random.default_rng(1).uniform(0.5, 2, (2, 3, 4)).astype(np.float32)
IDS = np.array([[0, 2], [1, 1]])
erf = np.vectorize(__import__("math").erf)

FUNCTIONS = {
    "sum": (lambda x, y: paddle.sum(x, axis=[0, 2]), lambda x, y: x.sum((0, 2))),
    "max": (lambda x, y: paddle.max(x, axis=1, keepdim=True), lambda x, y: x.max(1, keepdims=True)),
    "max of all": (lambda x, y: paddle.max(x), lambda x, y: x.max()),
    "min": (lambda x, y: paddle.min(x, axis=-1), lambda x, y: x.min(-1)),
    "squeeze": (lambda x, y: paddle.squeeze(paddle.unsqueeze(x, [0, 2]), 0), lambda x, y: x[:, None]),
    "stack": (lambda x, y: paddle.stack([x, y], axis=1), lambda x, y: np.stack([x, y], 1)),
    "unstack": (lambda x, y: paddle.unstack(x, axis=1)[2], lambda x, y: x[:, 2]),
    "split": (lambda x, y: paddle.split(x, [1, 3], axis=2)[1], lambda x, y: x[:, :, 1:]),
    "chunk": (lambda x, y: paddle.chunk(x, 2, axis=2)[1], lambda x, y: x[:, :, 2:]),
    "slice": (lambda x, y: paddle.slice(x, [1, 2], [0, -2], [2, 4]), lambda x, y: x[:, :2, 2:]),
    "strided_slice": (lambda x, y: paddle.strided_slice(x, [2], [0], [4], [2]), lambda x, y: x[:, :, ::2]),
    "tile": (lambda x, y: paddle.tile(x, [1, 2, 1]), lambda x, y: np.tile(x, [1, 2, 1])),
    "expand": (lambda x, y: paddle.expand(paddle.sum(x, 2, keepdim=True), [-1, -1, 5]), lambda x, y: np.tile(x.sum(2, keepdims=True), 5)),
    "bmm": (lambda x, y: paddle.bmm(x, paddle.transpose(y, [0, 2, 1])), lambda x, y: x @ y.transpose(0, 2, 1)),
    "scale": (lambda x, y: paddle.scale(x, 2.0, 1.0, bias_after_scale=False), lambda x, y: 2 * (x + 1)),
    "add_n": (lambda x, y: paddle.add_n([x, y, x]), lambda x, y: x + y + x),
    "pow": (lambda x, y: paddle.pow(x, y), lambda x, y: x**y), "pow 3": (lambda x, y: paddle.pow(x, 3), lambda x, y: x**3),
    "maximum": (lambda x, y: paddle.maximum(x, y), np.maximum), "minimum": (lambda x, y: paddle.minimum(x, y), np.minimum),
    "clip": (lambda x, y: paddle.clip(x, max=1.0), lambda x, y: x.clip(None, 1)),
    "exp": (lambda x, y: paddle.exp(x), lambda x, y: np.exp(x)), "log": (lambda x, y: paddle.log(x), lambda x, y: np.log(x)),
    "sqrt": (lambda x, y: paddle.sqrt(x), lambda x, y: np.sqrt(x)), "rsqrt": (lambda x, y: paddle.rsqrt(x), lambda x, y: x**-0.5),
    "erf": (lambda x, y: paddle.erf(x), lambda x, y: erf(x)), "reciprocal": (lambda x, y: paddle.reciprocal(x), lambda x, y: 1 / x),
    "cumsum": (lambda x, y: paddle.cumsum(x, 1), lambda x, y: x.cumsum(1)),
    "argmax": (lambda x, y: paddle.argmax(x, 1), lambda x, y: x.argmax(1)),
    "argmin": (lambda x, y: paddle.argmin(x, -1, keepdim=True), lambda x, y: x.argmin(-1)[..., None]),
    "topk": (lambda x, y: paddle.topk(x, 2)[0], lambda x, y: -np.sort(-x)[..., :2]),
    "where": (lambda x, y: paddle.where(paddle.greater_than(x, y), x, y), np.maximum),
    "compare": (lambda x, y: paddle.less_equal(x, 1.0), lambda x, y: x <= 1),
    "shape": (lambda x, y: paddle.shape(x), lambda x, y: np.array([2, 3, 4])),
    "full": (lambda x, y: paddle.full([2], 3, "int64"), lambda x, y: np.array([3, 3])),
    "zeros_like": (lambda x, y: paddle.zeros_like(x), lambda x, y: 0 * x),
    "arange": (lambda x, y: paddle.arange(1, 7, 2), lambda x, y: np.arange(1, 7, 2)),
    "log_softmax": (lambda x, y: F.log_softmax(x), lambda x, y: x - np.log(np.exp(x).sum(-1, keepdims=True))),
    "log_sigmoid": (lambda x, y: F.log_sigmoid(x), lambda x, y: -np.log1p(np.exp(-x))),
    "hardtanh": (lambda x, y: F.hardtanh(x), lambda x, y: x.clip(-1, 1)),
    "pad": (lambda x, y: paddle.squeeze(F.pad(paddle.unsqueeze(x, 0), [1, 0, 2, 0], value=9.0), 0),
            lambda x, y: np.pad(x, [(0, 0), (2, 0), (1, 0)], constant_values=9)),
    "interpolate": (lambda x, y: F.interpolate(paddle.unsqueeze(x, 0), scale_factor=2), lambda x, y: x.repeat(2, 1).repeat(2, 2)[None]),
    "l1_loss": (lambda x, y: F.l1_loss(x, y, reduction="sum"), lambda x, y: np.abs(x - y).sum()),
    "mse_loss": (lambda x, y: F.mse_loss(x, y), lambda x, y: ((x - y) ** 2).mean()),
    "bce": (lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"),
            lambda x, y: np.log1p(np.exp(x)) - x * y),
    "label_smooth": (lambda x, y: F.label_smooth(x), lambda x, y: 0.9 * x + 0.1 / 4)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(fresh, name):
    ours, theirs = FUNCTIONS[name]
    out = ours(static.data("x", list(X.shape)), static.data("y", list(Y.shape)))
    feeds = {var.name: value for var, value in (("x", X), ("y", Y)) for var in [fresh[0].var(var)]}
    got = static.Executor().run(fresh[0], feeds, [out])[0]
    expected = np.asarray(theirs(X, Y))
    assert got.shape == expected.shape and got.dtype.kind == expected.dtype.kind
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-6)  # float32 sums and functions in another order


def test_rows_by_number(fresh):
    main, startup, scope = fresh
    ids, table = static.data("ids", [2, 2], "int64"), static.create_parameter([3, 2], "float32", name="table")
    outs = [F.embedding(ids, table), F.one_hot(ids, 3), paddle.gather(table, paddle.full([2], 1, "int64")), F.linear(table, paddle.t(table))]
    exe = static.Executor()
    exe.run(startup)
    rows, hot, ones, product = exe.run(main, {"ids": IDS}, outs)
    weights = scope["table"]
    assert (rows == weights[IDS]).all() and (hot == np.eye(3)[IDS]).all() and (ones == weights[[1, 1]]).all()
    np.testing.assert_allclose(product, weights @ weights.T, rtol=1e-5)


def test_norms_of_groups_and_images(fresh):
    main, startup, scope = fresh
    x = static.data("x", [None, 4, 3, 3])
    outs = [static.nn.group_norm(x, 2, name="gn"), static.nn.instance_norm(x, param_attr=False, bias_attr=False),
            static.nn.group_norm(x, 4, act="relu")]
    exe = static.Executor()
    exe.run(startup)
    value = np.random.default_rng(0).standard_normal((2, 4, 3, 3)).astype(np.float32)
    groups, images, positive = exe.run(main, {"x": value}, outs)
    flat = value.reshape(2, 2, -1)
    expected = (flat - flat.mean(-1, keepdims=True)) / np.sqrt(flat.var(-1, keepdims=True) + 1e-5)
    np.testing.assert_allclose(groups, expected.reshape(value.shape), atol=1e-5)
    np.testing.assert_allclose(positive, np.maximum(images, 0), atol=1e-5)  # a group of one channel
    assert scope["gn.w_0"].tolist() == [1] * 4 and "instance_norm_0.w_0" not in scope


def test_global_variables_and_gradients(fresh):
    main, startup, scope = fresh
    bound = static.create_global_var([1], 2.5, "float32", persistable=True, name="bound")
    x = static.data("x", [None, 2])
    pairs = static.append_backward(paddle.mean(static.nn.fc(x, 1, bias_attr=False) * bound))
    exe = static.Executor()
    exe.run(startup)
    gradient = exe.run(main, {"x": np.array([[1, 2]], np.float32)}, [pairs[0][1]])[0]
    assert pairs[0][0].name == "fc_0.w_0" and gradient.tolist() == [[2.5], [5]]


def test_initializers_of_chance(fresh):
    _, startup, scope = fresh
    init = paddle.nn.initializer
    for name, made in [("cut", init.TruncatedNormal(std=0.5)), ("xavier", init.XavierNormal())]:
        static.create_parameter([100, 50], "float32", name=name, default_initializer=made)
    static.Executor().run(startup)
    assert 0.9 < np.abs(scope["cut"]).max() <= 1 and abs(scope["xavier"].std() - np.sqrt(2 / 150)) < 0.005
    with pytest.raises(intact.UnsupportedError, match="TruncatedNormal: a is -1"):
        init.TruncatedNormal(a=-1.0)
