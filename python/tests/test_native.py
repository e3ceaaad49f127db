"""The native API: programs, data, training, quantization, files."""

import numpy as np
import pytest

import intact
from intact import nn


def tiny_network():
    image, label = nn.data("image", [None, 1, 28, 28]), nn.data("label", [None, 1], "int64")
    logits = nn.lenet(image, class_dim=10)
    return logits, nn.cross_entropy(logits, label), nn.accuracy(logits, label)


@pytest.fixture
def trained(fresh, tiny_mnist):
    """(train program, test program, names, loader, executor) after one epoch."""
    main, startup, scope = fresh
    logits, loss, top1 = tiny_network()
    test = main.clone(for_test=True)
    intact.Momentum(0.01, 0.9).minimize(loss)
    executor = intact.Executor()
    executor.run(startup, scope=scope)
    data = intact.Mnist("train", directory=str(tiny_mnist),
                        transform=intact.Compose([intact.Transpose(), intact.Normalize([127.5], [127.5])]))
    loader = intact.DataLoader(data, batch_size=64, shuffle=True)
    names = {"loss": loss.name, "top1": top1.name}
    losses = []
    for _ in range(5):
        intact.train_epoch(executor, main, loader, scope=scope, on_iteration=lambda step: losses.append(step.loss), **names)
    assert losses[-1] < losses[0] / 2
    return main, test, logits.name, names, loader, executor, scope


def test_train_quantize_convert_save_load(trained, tmp_path):
    main, test, output, names, loader, executor, scope = trained
    quant_train = intact.quant_aware(main, scope=scope)
    report = intact.QuantReport()
    quant_test = intact.quant_aware(test, for_test=True, scope=scope, report=report)
    assert report.quantized_count == 5 and "conv2d" in str(report)
    intact.train_epoch(executor, quant_train, loader, scope=scope, **names)
    result = intact.evaluate(executor, quant_test, loader, scope=scope, **names)
    assert result.metrics.top1 > 0.9 and result.metrics.images == 640

    converted = intact.convert(quant_test, save_int8=True, scope=scope)
    prefix = str(tmp_path / "model")
    intact.save_inference_model(prefix, ["image"], [output], converted.float_program, converted.scope)
    model = intact.load_model(prefix)
    image = np.random.default_rng(0).standard_normal((4, 1, 28, 28)).astype(np.float32)
    feeds = {"image": image, "label": np.zeros((4, 1), np.int64)}
    ours = executor.run(converted.float_program, feeds, [output], converted.scope)[0]
    theirs = executor.run(model.program, {"image": image}, model.fetches, model.scope)[0]
    assert (ours == theirs).all()

    exact = intact.convert(quant_test, exact=True, scope=scope)
    assert exact.float_program.to_text().count("batch_norm") == 0
    close = executor.run(exact.float_program, feeds, [output], exact.scope)[0]
    assert np.abs(close - ours).max() < 0.1

    form = intact.deployment_form(quant_test, scope, [output])
    integers = intact.IntegerModel.compile(form.program, form.scope, ["image"], [output])
    session = intact.IntegerSession(integers, keep_codes=True)
    assert np.abs(session.run({"image": image})[0] - ours).max() < 0.1
    assert all(codes.dtype in (np.int8, np.uint8) for codes in session.codes().values()) and session.codes()


def test_post_training_quantization_and_onnx(trained, tmp_path):
    _, test, output, _, loader, executor, scope = trained
    inference = test.prune(["image"], [output])
    batches = [{"image": batch["image"]} for batch in loader]
    converted = intact.quant_post_static(inference, batches, {"deploy": "portable"}, algorithm="KL", scope=scope)
    form = intact.deployment_form(converted.float_program, converted.scope, [output])
    path = str(tmp_path / "model.onnx")
    intact.save_onnx_model(path, ["image"], [output], form.program, form.scope)
    assert intact.is_quantized(intact.load_onnx_model(path).program)
    thresholds = intact.calibrate(inference, ["image"], batches, algorithm="abs_max", scope=scope)
    assert thresholds["image"] == 1.0


def test_a_dataset_in_python_on_the_loaders_thread():
    class Squares(intact.Dataset):
        def __len__(self):
            return 10

        def __getitem__(self, index):
            return np.full((2, 2), index), index * index

    loader = intact.DataLoader(Squares(), batch_size=4, feed_list=["x", "y"])
    batches = list(loader)
    assert len(loader) == 3 and [len(batch["x"]) for batch in batches] == [4, 4, 2]
    assert batches[1]["x"].dtype == np.float32 and batches[1]["y"].tolist() == [[16], [25], [36], [49]]
    next(iter(loader))  # an epoch that is dropped half way ends its thread


def test_what_a_dataset_raises_comes_out_of_the_loader():
    class Broken(intact.Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            raise KeyError("sample 7")

    with pytest.raises(KeyError, match="sample 7"):
        list(intact.DataLoader(Broken()))


def test_what_a_callback_raises_ends_the_epoch(trained):
    main, _, _, names, loader, executor, scope = trained

    def stop(step):
        raise RuntimeError(f"at {step.index}")

    with pytest.raises(RuntimeError, match="at 0"):
        intact.train_epoch(executor, main, loader, scope=scope, on_iteration=stop, **names)


def test_programs_round_trip_through_text(fresh):
    main, _, _ = fresh
    tiny_network()
    text = main.to_text()
    assert intact.parse_program(text).to_text() == text
    intact.verify(main)


def test_any_op_can_be_appended(fresh):
    main, _, scope = fresh
    x = nn.data("x", [2, 3])
    y = nn.append("clip", {"X": x}, {"min": -1, "max": 1})[0]
    op = main.ops()[-1]
    assert op.attrs["max"] == 1.0 and op.input("X").name == "x" and y.shape == (2, 3)
    with pytest.raises(intact.InvalidArgumentError, match="attribute 'max' cannot be 'big'"):
        nn.append("clip", {"X": x}, {"max": "big"})
    with pytest.raises(intact.UnsupportedError, match="relu"):
        nn.append("relo", {"X": x})


def test_operators(fresh):
    main, _, scope = fresh
    x, y = nn.data("x", [None, 2]), nn.data("y", [None, 2])
    results = [x + y, x - y, x * y, x / y, x + 1, 1 + x, x - 1, 1 - x, 2 * x, x / 2, -x]
    a, b = np.array([[1, 2]], np.float32), np.array([[4, 8]], np.float32)
    expected = [a + b, a - b, a * b, a / b, a + 1, 1 + a, a - 1, 1 - a, 2 * a, a / 2, -a]
    got = intact.Executor().run(main, {"x": a, "y": b}, [result.name for result in results], scope)
    for ours, theirs in zip(got, expected):
        assert (ours == theirs).all()


def test_errors_are_builtin_exceptions_too():
    with pytest.raises(LookupError, match="cannot open"):
        intact.load_model("/no/such/model")
    with pytest.raises(ValueError, match="the nearest is 'weight_bits'"):
        intact.QuantConfig(weight_bit=8)
    with pytest.raises(NotImplementedError, match="no CUDA backend"):
        intact.Executor(intact.CudaPlace(0))
    with pytest.raises(intact.Error):
        intact.Scope().get("w")
    with pytest.raises(intact.FormatError, match="line 1"):
        intact.parse_program("what is this")


def test_docstrings_are_the_headers():
    assert "Compiles a Plan once per" in intact.Executor.__doc__
    assert "[N,filters,H',W']" in nn.conv2d.__doc__
    assert intact.QuantConfig.moving_rate.__doc__ == "rate of moving averages, 0 to below 1"


def test_resize_and_python_transforms(tiny_mnist):
    small = intact.Mnist("test", directory=str(tiny_mnist), transform=intact.Compose([intact.Resize(14), lambda x: x / 255]))
    image, label = small[0]
    assert image.shape == (14, 14) and image.max() <= 1 and label.shape == (1,)
