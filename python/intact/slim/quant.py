"""PaddleSlim's quantization functions."""

from __future__ import annotations

import os
from typing import Any, Callable, Mapping, Optional, Sequence, Union

from .. import _intact
from .._intact import CpuPlace, CudaPlace, Program, QuantConfig, Scope, Var
from ..errors import InvalidArgumentError
from ..paddle._names import missing, only
from ..paddle.optimizer import Optimizer
from ..paddle.static.executor import Executor
from ..paddle.static.files import model_prefix
from ..paddle.static.scopes import scope_for
from .calibration import Calibration, batches_of

Place = Union[CpuPlace, CudaPlace]
Config = Union[QuantConfig, Mapping[str, Any], None]
Function = Optional[Callable[[Var], Var]]


def _calibration(program: Program, config: Mapping[str, Any]) -> Optional[Calibration]:
    """calib_config of quant_aware: where the batches come from."""
    known = {"batch_generator", "sample_generator", "data_loader", "batch_size", "batch_nums", "algo", "feed_list", "fetch_list"}
    if unknown := sorted(set(config) - known):
        raise InvalidArgumentError(f"quant_aware: calib_config has {unknown}; known are {sorted(known)}")
    if not config:
        return None
    batches = batches_of("quant_aware", config.get("batch_generator"), config.get("sample_generator"),
                         config.get("data_loader"), config.get("batch_size", 1))
    feeds = config.get("feed_list") or [var.name for var in program.list_vars() if var.is_data]
    return Calibration(batches, feeds, config.get("batch_nums", 10))


def quant_aware(program: Program, place: Place, config: Config = None, scope: Optional[Scope] = None,
                for_test: bool = False, weight_quantize_func: Function = None, act_quantize_func: Function = None,
                weight_preprocess_func: Function = None, act_preprocess_func: Function = None,
                optimizer_func: Optional[Callable[[], Optimizer]] = None, executor: Optional[Executor] = None,
                return_program: Any = False, calib_config: Optional[Mapping[str, Any]] = None, draw_graph: Any = False,
                return_scale_dict: bool = False, scale_dict: Optional[Mapping[str, float]] = None,
                model_type: Any = None, pattern_ops: Any = None) -> Any:
    """A copy of `program` with fake quantization; the caller's stays as it is. With return_scale_dict: (copy, scales).

    The functions are called with a Variable while layers append to a Program of their own; `executor` is not needed, their
    parameters are in `scope` afterwards."""
    only("quant_aware", draw_graph=(draw_graph, False), model_type=(model_type, None), pattern_ops=(pattern_ops, None))
    used: dict[str, float] = {}
    calib_config = calib_config or {}
    quantized = _intact.quant_aware(
        program, place, config, for_test=for_test, scope=scope_for(program, scope),
        weight_preprocess_func=weight_preprocess_func, act_preprocess_func=act_preprocess_func,
        weight_quantize_func=weight_quantize_func, act_quantize_func=act_quantize_func, optimizer_func=optimizer_func,
        scale_dict=dict(scale_dict or {}), calibration=_calibration(program, calib_config),
        calibration_algorithm=calib_config.get("algo", "hist"), used_scale_dict=used)
    return (quantized, used) if return_scale_dict else quantized


def convert(program: Program, place: Place, config: Config = None, scope: Optional[Scope] = None,
            save_int8: bool = False) -> Any:
    """The Program whose weights are integers; with save_int8 a tuple of it and the one that stores them as int8.

    Unlike the reference it leaves the Scope alone: the results bring a Scope of their own, which Executor.run and
    save_inference_model find."""
    converted = _intact.convert(program, place, config, save_int8=save_int8, scope=scope_for(program, scope))
    programs = [converted.float_program, *([converted.int8_program] if converted.int8_program else [])]
    for result in programs:
        result.scope = converted.scope
    return tuple(programs) if save_int8 else programs[0]


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
                      weight_quantize_type: str = "channel_wise_abs_max", optimize_model: bool = False,
                      onnx_format: bool = True, skip_tensor_list: Optional[Sequence[str]] = None,
                      deploy_backend: Optional[str] = None) -> None:
    """Quantizes the float model in model_dir without training and saves it in the directory quantize_model_path.

    round_type 'adaround' learns which way to round each weight: 1000 steps a layer, and the codes are integers, unlike the
    reference's. optimize_model folds batch norm first."""
    model = _intact.load_inference_model(model_prefix(model_dir, model_filename, params_filename))
    config = {"weight_quantize_type": weight_quantize_type, "weight_bits": weight_bits, "activation_bits": activation_bits,
              "quantize_op_types": list(quantizable_op_type), "is_full_quantize": is_full_quantize,
              "onnx_format": onnx_format, "deploy_backend": deploy_backend,
              "not_quant_pattern": ["skip_quant", *(skip_tensor_list or [])]}
    batches = batches_of("quant_post_static", batch_generator, sample_generator, data_loader, batch_size)
    converted = _intact.quant_post_static(model.program, Calibration(batches, model.feeds, batch_nums), config,
                                          algorithm=algo, hist_percent=hist_percent, bias_correction=bias_correction,
                                          optimize_model=optimize_model, weight_rounding=round_type, scope=model.scope)
    os.makedirs(quantize_model_path, exist_ok=True)
    prefix = model_prefix(quantize_model_path, save_model_filename, save_params_filename)
    _intact.save_inference_model(prefix, model.feeds, model.fetches, converted.float_program, converted.scope)


def quant_post_dynamic(model_dir: str, save_model_dir: str, model_filename: Optional[str] = None,
                       params_filename: Optional[str] = None, save_model_filename: str = "model.pdmodel",
                       save_params_filename: str = "model.pdiparams",
                       quantizable_op_type: Sequence[str] = ("conv2d", "mul"), weight_bits: int = 8,
                       generate_test_model: bool = False) -> None:
    """Stores the weights of the model in model_dir as integers, in save_model_dir/quantized_model; with generate_test_model
    also what they stand for, in save_model_dir/test_model."""
    model = _intact.load_inference_model(model_prefix(model_dir, model_filename, params_filename))
    made = _intact.quant_post_dynamic(model.program, quantizable_op_type=list(quantizable_op_type), weight_bits=weight_bits,
                                      generate_test_model=generate_test_model, scope=model.scope)
    folders = [("quantized_model", made.program, made.scope), ("test_model", made.test_program, made.test_scope)]
    for folder, program, scope in folders:
        if program is not None:
            folder = os.path.join(save_model_dir, folder)
            os.makedirs(folder, exist_ok=True)
            prefix = model_prefix(folder, save_model_filename, save_params_filename)
            _intact.save_inference_model(prefix, model.feeds, model.fetches, program, scope)


def _embedding(op_type: str, config: Mapping[str, Any]) -> _intact.EmbeddingQuantization:
    """The reference's keys for one op type, at the top level or under its name."""
    own = {**config, **config.get(op_type, {})}
    quantize_type = own.get("quantize_type", "abs_max")
    bits = own.get("quantize_bits", 8)
    only("quant_embedding", dtype=(own.get("dtype", f"int{bits}"), f"int{bits}"))
    return _intact.EmbeddingQuantization(quantize_type, bits, own.get("threshold"))


def quant_embedding(program: Program, place: Place, config: Optional[Mapping[str, Any]] = None,
                    scope: Optional[Scope] = None) -> Program:
    """A copy of `program` that reads its embedding tables from integers, with a Scope of its own that holds them."""
    config = config or {}
    types = config.get("quantize_op_types", _intact.embedding_op_types())
    types = [types] if isinstance(types, str) else types
    made = _intact.quant_embedding(program, op_types={name: _embedding(name, config) for name in types},
                                   scope=scope_for(program, scope))
    quantized = made.program
    quantized.scope = made.scope
    return quantized


__getattr__ = missing(__name__, ["quant_aware", "convert", "quant_post_static", "quant_post_dynamic", "quant_embedding"])
