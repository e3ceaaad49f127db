"""Runs .pdmodel files in Paddle's inference library, 2.x or 3.x: see client.py for the arguments."""
import zlib  # noqa: F401  before paddle, or its bundled zlib crashes
import client
import paddle


def run(path, images, optimizations):
    prefix = path.removesuffix(".pdmodel")
    config = paddle.inference.Config(f"{prefix}.pdmodel", f"{prefix}.pdiparams")
    config.disable_gpu()
    config.disable_glog_info()
    config.switch_ir_optim(optimizations)
    predictor = paddle.inference.create_predictor(config)
    handle = predictor.get_input_handle(predictor.get_input_names()[0])
    handle.copy_from_cpu(images)
    predictor.run()
    return [predictor.get_output_handle(name).copy_to_cpu() for name in predictor.get_output_names()]


if __name__ == "__main__":
    client.main("paddle", paddle.__version__, run)
