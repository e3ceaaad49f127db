"""PaddleSlim's quantization functions."""

from __future__ import annotations

import os
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from .. import _intact
from .._intact import CpuPlace, CudaPlace, Program, QuantConfig, Scope, Var
from ..paddle._names import missing, only
from ..paddle.static.executor import Executor
from ..paddle.static.files import model_prefix
from ..paddle.static.scopes import scope_for

Place = Union[CpuPlace, CudaPlace]
Config = Union[QuantConfig, Mapping[str, Any], None]
Function = Optional[Callable[[Var], Var]]


def quant_aware(program: Program, place: Place, config: Config = None, scope: Optional[Scope] = None,
                for_test: bool = False, weight_quantize_func: Function = None, act_quantize_func: Function = None,
                weight_preprocess_func: Function = None, act_preprocess_func: Function = None,
                optimizer_func: Optional[Callable[[], Any]] = None, executor: Optional[Executor] = None,
                return_program: Any = False, calib_config: Optional[Mapping[str, Any]] = None, draw_graph: Any = False,
                return_scale_dict: Any = False, scale_dict: Optional[Mapping[str, float]] = None, model_type: Any = None,
                pattern_ops: Any = None) -> Program:
    """A copy of `program` with fake quantization. The caller's Program stays as it is."""
    only("quant_aware", calib_config=(calib_config or {}, {}), draw_graph=(draw_graph, False),
         return_scale_dict=(return_scale_dict, False), model_type=(model_type, None), pattern_ops=(pattern_ops, None),
         weight_quantize_func=(weight_quantize_func, None), act_quantize_func=(act_quantize_func, None),
         weight_preprocess_func=(weight_preprocess_func, None), act_preprocess_func=(act_preprocess_func, None))
    return _intact.quant_aware(program, place, config, for_test=for_test, scope=scope_for(program, scope),
                               scale_dict=dict(scale_dict or {}))


def convert(program: Program, place: Place, config: Config = None, scope: Optional[Scope] = None,
            save_int8: bool = False) -> Union[Program, tuple[Program, Program]]:
    """The Program whose weights are integers, and with save_int8 also the one that stores them as int8.

    Unlike the reference it leaves the Scope alone: the results bring a Scope of their own, which Executor.run and
    save_inference_model find."""
    converted = _intact.convert(program, place, config, save_int8=save_int8, scope=scope_for(program, scope))
    float_program = converted.float_program
    float_program.scope = converted.scope
    int8_program = converted.int8_program
    if int8_program is None:
        return float_program
    int8_program.scope = converted.scope
    return float_program, int8_program


class _Calibration:
    """The first batch_nums batches of a loader, as feeds, each time it is iterated over."""

    def __init__(self, batches: Callable[[], Iterable[Any]], feeds: Sequence[str], batch_nums: Optional[int]) -> None:
        self.batches = batches
        self.feeds = feeds
        self.batch_nums = batch_nums

    def __iter__(self) -> Any:
        for index, batch in enumerate(self.batches()):
            if index == self.batch_nums:
                return
            yield self._feed(batch)

    def _feed(self, batch: Any) -> dict[str, npt.NDArray[Any]]:
        """Of a dict, a list of one dict, or a list of arrays in the model's order; what the model lacks is left out."""
        if isinstance(batch, (list, tuple)) and len(batch) == 1 and isinstance(batch[0], Mapping):
            batch = batch[0]
        if not isinstance(batch, Mapping):
            fields = batch if isinstance(batch, (list, tuple)) else [batch]
            batch = dict(zip(self.feeds, fields))
        return {name: np.asarray(batch[name]) for name in self.feeds}


def _samples(source: Any) -> Iterable[Any]:
    """Of a function that makes a generator, or a Dataset."""
    return source() if callable(source) else (source[index] for index in range(len(source)))


def _batches_of(batch_generator: Any, sample_generator: Any, data_loader: Any, batch_size: int) -> Callable[[], Iterable[Any]]:
    given = [source for source in (batch_generator, sample_generator, data_loader) if source is not None]
    if len(given) != 1:
        raise ValueError(f"quant_post_static: {len(given)} of batch_generator, sample_generator and data_loader are given; "
                         "give one")
    if sample_generator is None:
        source = given[0]
        return source if callable(source) else lambda: source

    def batches() -> Iterable[Any]:
        samples: list[Any] = []
        for sample in _samples(sample_generator):
            samples.append(sample if isinstance(sample, (list, tuple)) else (sample,))
            if len(samples) == batch_size:
                yield [np.stack([np.asarray(value) for value in field]) for field in zip(*samples)]
                samples = []

    return batches


def quant_post_static(executor: Executor, model_dir: str, quantize_model_path: str, batch_generator: Any = None,
                      sample_generator: Any = None, data_loader: Any = None, model_filename: Optional[str] = None,
                      params_filename: Optional[str] = None, save_model_filename: str = "model.pdmodel",
                      save_params_filename: str = "model.pdiparams", batch_size: int = 1,
                      batch_nums: Optional[int] = None, scope: Optional[Scope] = None, algo: str = "hist",
                      round_type: str = "round", hist_percent: float = 0.9999, bias_correction: bool = False,
                      quantizable_op_type: Sequence[str] = ("conv2d", "depthwise_conv2d", "conv2d_transpose", "mul",
                                                            "matmul", "matmul_v2"),
                      is_full_quantize: bool = False, weight_bits: int = 8, activation_bits: int = 8,
                      activation_quantize_type: str = "range_abs_max",
                      weight_quantize_type: str = "channel_wise_abs_max", optimize_model: Any = False,
                      onnx_format: bool = True, skip_tensor_list: Optional[Sequence[str]] = None,
                      deploy_backend: Optional[str] = None) -> None:
    """Quantizes the float model in model_dir without training and saves it in the directory quantize_model_path."""
    only("quant_post_static", round_type=(round_type, "round"), optimize_model=(optimize_model, False))
    model = _intact.load_inference_model(model_prefix(model_dir, model_filename, params_filename))
    config = {"weight_quantize_type": weight_quantize_type, "weight_bits": weight_bits, "activation_bits": activation_bits,
              "quantize_op_types": list(quantizable_op_type), "is_full_quantize": is_full_quantize,
              "onnx_format": onnx_format, "deploy_backend": deploy_backend,
              "not_quant_pattern": ["skip_quant", *(skip_tensor_list or [])]}
    batches = _Calibration(_batches_of(batch_generator, sample_generator, data_loader, batch_size), model.feeds, batch_nums)
    converted = _intact.quant_post_static(model.program, batches, config, algorithm=algo, hist_percent=hist_percent,
                                          bias_correction=bias_correction, scope=model.scope)
    os.makedirs(quantize_model_path, exist_ok=True)
    prefix = model_prefix(quantize_model_path, save_model_filename, save_params_filename)
    _intact.save_inference_model(prefix, model.feeds, model.fetches, converted.float_program, converted.scope)


__getattr__ = missing(__name__, ["quant_aware", "convert", "quant_post_static"])
