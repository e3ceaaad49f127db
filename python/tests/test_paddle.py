"""intact.paddle and intact.slim: the reference's names, argument forms and errors."""

import os

import numpy as np
import pytest

import intact
import intact.paddle as paddle
import intact.slim as slim
from intact.paddle import io, static
from intact.paddle.vision import transforms as T


def test_missing_names_say_the_nearest():
    for module, name, near in [(paddle, "enable_statik", "enable_static"), (static, "programguard", "program_guard"),
                               (paddle.optimizer, "Momentun", "Momentum"), (slim.models, "MobileNetV3", "MobileNetV2"),
                               (paddle.nn.functional, "crossentropy", "cross_entropy"),
                               (slim.quant, "quant_posts_static", "quant_post_static"), (T, "RandomCrops", "RandomCrop"),
                               (static.nn, "conv3d", "conv2d"), (paddle.vision.datasets, "MNISTs", "MNIST")]:
        with pytest.raises(AttributeError, match=f"there is no '{name}'; the nearest is '{near}'"):
            getattr(module, name)
    assert not hasattr(paddle, "Tensor")


def test_unsupported_arguments_are_refused_by_name(fresh):
    x = static.data("x", [None, 1, 8, 8])
    with pytest.raises(NotImplementedError, match="conv2d: data_format is 'NHWC' but only 'NCHW'"):
        static.nn.conv2d(x, 4, 3, data_format="NHWC")
    with pytest.raises(NotImplementedError, match="grad_clip"):
        paddle.optimizer.Adam(grad_clip=1.0)
    with pytest.raises(NotImplementedError, match="no dygraph"):
        paddle.disable_static()


def test_layers_have_the_references_shapes_and_ops(fresh):
    main, _, _ = fresh
    x = static.data("x", [None, 4, 8, 8])
    assert static.nn.conv2d(x, 6, 3, padding="same").shape == (-1, 6, 8, 8)
    assert static.nn.conv2d(x, 8, [3, 1], stride=2, padding=[1, 1, 0, 0], groups=4, use_cudnn=False).shape == (-1, 8, 4, 4)
    assert [op.type for op in main.ops() if "conv" in op.type] == ["conv2d", "depthwise_conv2d"]
    assert static.nn.pool2d(x, 2, "avg", 2).shape == (-1, 4, 4, 4)
    assert static.nn.pool2d(x, global_pooling=True, pool_type="avg").shape == (-1, 4, 1, 1)
    assert paddle.nn.functional.adaptive_avg_pool2d(x, 1).shape == (-1, 4, 1, 1)
    assert paddle.flatten(x, 1).shape == (-1, 256)
    assert static.nn.fc(x, 5, activation="softmax").shape == (-1, 5)
    assert static.nn.fc(x, 5, bias_attr=False).block.ops[-1].type == "mul"
    assert paddle.concat([x, x], axis=1).shape == (-1, 8, 8, 8)
    assert paddle.mean(x, axis=[2, 3]).shape == (-1, 4)


def test_cross_entropy_reductions_agree(fresh):
    main, _, scope = fresh
    x, label = static.data("x", [None, 3]), static.data("label", [None, 1], "int64")
    losses = [paddle.nn.functional.cross_entropy(x, label, reduction=how) for how in ("none", "sum", "mean")]
    feed = {"x": np.array([[1, 2, 3], [3, 1, 1]], np.float32), "label": np.array([[0], [0]])}
    none, total, mean = static.Executor().run(main, feed, losses)
    expected = -np.log(np.exp(feed["x"][:, 0]) / np.exp(feed["x"]).sum(1))
    np.testing.assert_allclose(none[:, 0], expected, rtol=1e-6)  # float32 exp and log
    np.testing.assert_allclose([total, mean], [expected.sum(), expected.mean()], rtol=1e-6)


def test_feeds_of_a_loader_go_into_run(fresh):
    main, _, _ = fresh
    x = static.data("x", [None, 2])
    y = x + 1
    loader = io.DataLoader(io.TensorDataset([np.arange(10, dtype=np.float32).reshape(5, 2)]), feed_list=[x], batch_size=2,
                           drop_last=True, return_list=False)
    exe = static.Executor(paddle.CPUPlace())
    assert [exe.run(main, feed=batch, fetch_list=[y])[0].tolist() for batch in loader()] == [
        [[1, 2], [3, 4]], [[5, 6], [7, 8]]]
    assert len(loader) == 2 and len(io.DataLoader(loader.dataset, batch_size=2)) == 3
    with pytest.raises(ValueError, match="feed is a list of 2 dicts"):
        exe.run(main, feed=[{}, {}], fetch_list=[y])
    with pytest.raises(ValueError, match="feed_list is empty"):
        io.DataLoader(loader.dataset, return_list=False)


def test_shuffling_follows_the_seed():
    data = io.TensorDataset([np.arange(100)])

    def order(seed):
        paddle.seed(seed)
        return [int(batch[0][0]) for batch in io.DataLoader(data, shuffle=True)]

    try:
        assert order(1) == order(1) != order(2) and sorted(order(1)) == list(range(100))
    finally:
        paddle.seed(0)


def test_the_seed_and_a_startup_program_of_ones_own_reach_initializers():
    def weights(seed):
        paddle.seed(seed)
        main, startup, scope = static.Program(), static.Program(), static.Scope()
        with static.scope_guard(scope), static.program_guard(main, startup):
            loss = paddle.mean(static.nn.fc(static.data("x", [None, 2]), 3))
        with static.program_guard(main):
            paddle.optimizer.Momentum(0.1).minimize(loss, startup)
        static.Executor().run(startup, scope=scope)
        assert "fc_0.w_0_velocity_0" in scope
        return scope["fc_0.w_0"].tolist()

    try:
        assert weights(1) == weights(1) != weights(2)
    finally:
        paddle.seed(0)


def test_schedulers_set_the_rate_of_the_next_step(fresh):
    main, startup, scope = fresh
    loss = paddle.mean(static.nn.fc(static.data("x", [None, 2]), 1))
    rate = paddle.optimizer.lr.PiecewiseDecay([1, 2], [0.5, 0.25, 0.125])
    optimizer = paddle.optimizer.SGD(rate)
    optimizer.minimize(loss)
    exe = static.Executor()
    exe.run(startup)
    seen = []
    for _ in range(3):
        seen.append(float(scope[optimizer.native.learning_rate_name].item()))
        exe.run(main, {"x": np.ones((1, 2), np.float32)}, [loss])
        rate.step()
    assert seen == [0.5, 0.25, 0.125]


def test_name_scopes_skip_quantization(fresh):
    main, startup, scope = fresh
    x = static.nn.conv2d(static.data("x", [None, 1, 8, 8]), 4, 3)
    with static.name_scope("head"), static.name_scope("skip_quant"):
        static.nn.conv2d(x, 4, 3)
    static.Executor().run(startup)
    quantized = slim.quant.quant_aware(main.clone(for_test=True), paddle.CPUPlace(), for_test=True)
    ops = [op for op in quantized.ops() if op.type == "conv2d"]
    assert [op.input("Input").name.endswith(".dequantized") for op in ops] == [True, False]
    assert ops[1].attrs["op_namescope"] == "/head/skip_quant/"


def test_scopes_hand_out_tensors_as_the_reference_does(fresh):
    _, startup, scope = fresh
    static.create_parameter([2, 3], "float32", name="w", default_initializer=paddle.nn.initializer.Constant(3.0))
    static.Executor().run(startup)
    tensor = static.global_scope().find_var("w").get_tensor()
    assert np.array(tensor).tolist() == [[3, 3, 3], [3, 3, 3]] and tensor.shape() == (2, 3)
    tensor.set(np.zeros((2, 3), np.float32), paddle.CPUPlace())
    assert scope["w"].sum() == 0 and static.global_scope().find_var("none") is None


def test_convert_leaves_the_scope_alone_and_can_be_repeated(fresh, tmp_path):
    main, startup, scope = fresh
    image = static.data("x", [None, 1, 8, 8])
    out = static.nn.fc(static.nn.conv2d(image, 4, 3), 3)
    exe = static.Executor()
    exe.run(startup)
    test = slim.quant.quant_aware(main.clone(for_test=True), exe.place, for_test=True)
    before = {name: scope[name].copy() for name in scope.names()}
    first, second = (slim.quant.convert(test, exe.place) for _ in range(2))
    assert all((scope[name] == value).all() for name, value in before.items())
    feed = {"x": np.ones((1, 1, 8, 8), np.float32)}
    a, b, c = (exe.run(program, feed, [out])[0] for program in (first, second, first.clone()))
    assert (a == b).all() and (a == c).all()
    static.save_inference_model(str(tmp_path / "new" / "m"), [image], [out], exe, program=first)
    with static.scope_guard(static.Scope()):
        program, feeds, fetches = static.load_inference_model(str(tmp_path / "new" / "m"), exe)
        assert feeds == ["x"] and (exe.run(program, feed, fetches)[0] == a).all()


def test_the_loss_as_a_target_is_refused_with_its_reason(fresh, tmp_path):
    main, startup, _ = fresh
    image, label = static.data("x", [None, 4]), static.data("label", [None, 1], "int64")
    loss = paddle.nn.functional.cross_entropy(static.nn.fc(image, 3), label)
    exe = static.Executor()
    exe.run(startup)
    with pytest.raises(intact.InvalidArgumentError, match="label"):
        static.save_inference_model(str(tmp_path / "m"), [image], [loss], exe, program=main)


def test_datasets_find_their_files(tiny_mnist, monkeypatch):
    monkeypatch.setenv("INTACT_MNIST", str(tiny_mnist))
    data = paddle.vision.datasets.MNIST(mode="test", backend="cv2")
    assert len(data) == 256 and data[0][0].shape == (28, 28) and data[0][0].max() > 1
    tensors = paddle.vision.datasets.MNIST(mode="test", transform=T.ToTensor())
    assert tensors[0][0].shape == (1, 28, 28) and (tensors[0][0][0] == data[0][0] / np.float32(255)).all()
    files = [os.path.join(tiny_mnist, f"t10k-{what}-ubyte") for what in ("images-idx3", "labels-idx1")]
    assert len(paddle.vision.datasets.FashionMNIST(*files)) == 256
    monkeypatch.delenv("INTACT_MNIST")
    monkeypatch.setenv("INTACT_CACHE", "/nowhere")
    with pytest.raises(LookupError, match="no files at /nowhere/fashion_mnist"):
        paddle.vision.datasets.FashionMNIST()


def test_transforms_in_the_references_order(tiny_mnist):
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert T.ToTensor()(image).shape == (1, 3, 4) and T.ToTensor()(image).max() == np.float32(11) / np.float32(255)
    assert T.Compose([T.Resize((6, 8)), T.Transpose(), T.Normalize(5.5, 5.5)])(image).shape == (1, 6, 8)
    assert T.Resize(6)(image.astype(np.float32)).shape == (6, 8)
    assert T.RandomHorizontalFlip(1.0)(image)[0].tolist() == [3, 2, 1, 0]
    assert T.RandomCrop(2)(image).shape == (2, 2)
