"""Runs .pdmodel files in Paddle-Lite on x86: see client.py for the arguments. It has no switch for its optimizations."""
import importlib.metadata

import client
from paddlelite import lite


def run(path, images, optimizations):
    prefix = path.removesuffix(".pdmodel")
    config = lite.CxxConfig()
    config.set_model_file(f"{prefix}.pdmodel")
    config.set_param_file(f"{prefix}.pdiparams")
    config.set_valid_places([lite.Place(lite.TargetType.X86, precision)
                             for precision in (lite.PrecisionType.INT8, lite.PrecisionType.FP32)])
    predictor = lite.create_paddle_predictor(config)
    predictor.get_input(0).from_numpy(images)
    predictor.run()
    return [predictor.get_output(0).numpy()]


if __name__ == "__main__":
    client.main("paddlelite", importlib.metadata.version("paddlelite"), run)
