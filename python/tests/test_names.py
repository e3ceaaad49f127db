"""What is said about names and modules of the reference that are not here."""

import importlib

import pytest

import intact.paddle as paddle
import intact.slim as slim
from intact.paddle import io, static


@pytest.mark.parametrize("module, name, near", [
    ("paddle.static", "programguard", "program_guard"), ("paddle.io", "BatchSamplers", "BatchSampler"),
    ("paddle.optimizer.lr", "StepDecays", "StepDecay"), ("slim.quant", "quant_aware_with_infermodel", "quant_aware"),
    ("paddle.nn", "Conv2D", "intact.paddle.static.nn.conv2d"), ("paddle.nn.functional", "conv2D", "intact.paddle.static.nn.conv2d"),
    ("paddle", "Momentum", "intact.paddle.optimizer.Momentum"), ("paddle.optimizer", "RMSProp", "")])
def test_an_import_of_a_name_says_the_nearest(module, name, near):
    with pytest.raises(ImportError, match=f"intact.{module}: there is no '{name}'; the nearest is '{near}") as caught:
        exec(f"from intact.{module} import {name}")
    assert isinstance(caught.value, NotImplementedError)


@pytest.mark.parametrize("module, near", [
    ("paddle.distributed", "intact.paddle"), ("paddle.functional", "intact.paddle.nn.functional"),
    ("paddle.lr", "intact.paddle.optimizer.lr"), ("slim.models_zoo", "intact.slim.models")])
def test_an_import_of_a_module_says_the_nearest(module, near):
    with pytest.raises(ModuleNotFoundError, match=f"there is no module '{module.split('.')[-1]}'; the nearest is '{near}"):
        importlib.import_module(f"intact.{module}")


@pytest.mark.parametrize("module, name, instead", [
    (paddle.nn, "Layer", "build a static.Program"), (paddle.nn, "ClipGradByGlobalNorm", "gradients are not clipped"),
    (paddle.optimizer, "AdamW", "use Adam with weight_decay"), (paddle, "to_tensor", "feed numpy arrays"),
    (static.nn, "cond", "there is no control flow"), (paddle, "grad", "static.append_backward"), (paddle, "save", "static.save")])
def test_what_is_left_out_by_design_says_what_stands_in(module, name, instead):
    with pytest.raises(AttributeError, match=f"there is no '{name}'; .*{instead}"):
        getattr(module, name)


def test_pythons_own_questions_get_their_usual_answers():
    assert not hasattr(paddle, "Tensor") and not hasattr(paddle, "__wrapped__") and getattr(static, "cuda_places", 3) == 3
    with pytest.raises(ModuleNotFoundError, match="No module named 'intact.other'"):
        importlib.import_module("intact.other")


def test_modules_offer_no_helpers_as_names():
    for module in (paddle, paddle.tensor, static, static.nn, paddle.nn.functional, io, slim.quant):
        with pytest.raises(AttributeError) as caught:
            module.nothing_of_the_kind
        listed = str(caught.value).rsplit("all are ", 1)[1].split(", ")
        assert all(hasattr(module, name) for name in listed) and not {"Any", "Sequence", "annotations"} & set(listed)
