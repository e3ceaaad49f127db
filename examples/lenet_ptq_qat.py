"""LeNet with paddle.static.nn and a Dataset of one's own: train, quantize without training, then with.

A script as PaddleSlim's users write it; only the imports differ.
"""
import gzip
import os

import numpy as np

import intact.paddle as paddle
import intact.slim as paddleslim
from intact.paddle.io import DataLoader, Dataset

paddle.enable_static()
paddle.seed(33)
BATCH_SIZE = 32
DATA = os.environ.get("INTACT_MNIST", os.path.expanduser("~/.cache/intact/mnist"))


class Digits(Dataset):
    """Reads the IDX files itself and keeps them in memory."""

    def __init__(self, split, limit=2048):
        super().__init__()
        self.images = self._read(split + "-images-idx3-ubyte", 16, limit * 784).reshape(-1, 1, 28, 28)
        self.labels = self._read(split + "-labels-idx1-ubyte", 8, limit).astype("int64")

    @staticmethod
    def _read(name, offset, count):
        path = os.path.join(DATA, name)
        raw = open(path, "rb").read() if os.path.exists(path) else gzip.open(path + ".gz").read()
        return np.frombuffer(raw, np.uint8, offset=offset)[:count]

    def __getitem__(self, idx):
        return self.images[idx].astype("float32") / 127.5 - 1, self.labels[idx : idx + 1]

    def __len__(self):
        return len(self.labels)


def conv_pool(x, channels, size, name):
    x = paddle.static.nn.conv2d(
        x, num_filters=channels, filter_size=size, padding=size // 2, bias_attr=False,
        param_attr=paddle.ParamAttr(name=name + "_w", initializer=paddle.nn.initializer.KaimingNormal()))
    x = paddle.static.nn.batch_norm(x, act="relu", moving_mean_name=name + "_mean", moving_variance_name=name + "_var")
    return paddle.nn.functional.max_pool2d(x, kernel_size=2, stride=2)


def lenet(image):
    x = conv_pool(image, 8, 5, "c1")
    x = conv_pool(x, 16, 5, "c2")
    x = paddle.flatten(x, start_axis=1)
    x = paddle.static.nn.fc(x, size=64, activation="relu")
    with paddle.static.name_scope("skip_quant"):
        return paddle.static.nn.fc(x, size=10)


train_prog, startup_prog = paddle.static.Program(), paddle.static.Program()
with paddle.static.program_guard(train_prog, startup_prog):
    image = paddle.static.data("image", [None, 1, 28, 28], "float32")
    label = paddle.static.data("label", [None, 1], "int64")
    logits = lenet(image)
    loss = paddle.mean(paddle.nn.functional.cross_entropy(logits, label))
    acc = paddle.static.accuracy(logits, label)
    eval_prog = train_prog.clone(for_test=True)
    rate = paddle.optimizer.lr.PiecewiseDecay(boundaries=[64], values=[0.05, 0.01])
    paddle.optimizer.Momentum(rate, 0.9, weight_decay=paddle.regularizer.L2Decay(1e-4)).minimize(loss)

place = paddle.CPUPlace()
exe = paddle.static.Executor(place)
exe.run(startup_prog)
train_loader = DataLoader(Digits("train"), feed_list=[image, label], places=place, batch_size=BATCH_SIZE, shuffle=True,
                          drop_last=True, return_list=False, num_workers=0)
test_loader = DataLoader(Digits("t10k"), batch_size=BATCH_SIZE, shuffle=False, drop_last=False)


def train(program, epochs):
    for epoch in range(epochs):
        for batch in train_loader():
            cost, = exe.run(program, feed=batch, fetch_list=[loss])
            rate.step()
        print("epoch %d loss %.4f rate %.3f" % (epoch, cost, rate.get_lr()))


def evaluate(program, fetch):
    hits = count = 0
    for images, labels in test_loader():
        prediction, = exe.run(program, feed={"image": images, "label": labels}, fetch_list=[fetch])
        hits += int((prediction.argmax(1) == labels[:, 0]).sum())
        count += len(labels)
    return hits / count


train(train_prog, epochs=2)
float_acc = evaluate(eval_prog, logits)
paddle.static.save_inference_model("./lenet/model", [image], [logits], exe, program=eval_prog)

# Without training.
ptq_acc = {}
for algo in ("hist", "KL", "mse"):
    paddleslim.quant.quant_post_static(
        executor=exe, model_dir="./lenet", quantize_model_path="./lenet_" + algo, data_loader=train_loader,
        model_filename="model.pdmodel", params_filename="model.pdiparams", batch_size=BATCH_SIZE, batch_nums=4, algo=algo)
    with paddle.static.scope_guard(paddle.static.Scope()):
        program, feeds, fetches = paddle.static.load_inference_model("./lenet_" + algo + "/model", exe)
        hits = [exe.run(program, {feeds[0]: images}, fetches)[0].argmax(1) == labels[:, 0] for images, labels in test_loader]
        ptq_acc[algo] = float(np.concatenate(hits).mean())

# With training.
config = {"weight_quantize_type": "channel_wise_abs_max", "activation_quantize_type": "moving_average_abs_max",
          "not_quant_pattern": ["skip_quant"]}
quant_eval = paddleslim.quant.quant_aware(eval_prog, place, config, scope=None, for_test=True)
quant_train = paddleslim.quant.quant_aware(train_prog, place, config, scope=None, for_test=False)
train(quant_train, epochs=1)
qat_acc = evaluate(quant_eval, logits)
final = paddleslim.quant.convert(quant_eval, place, config)
paddle.static.save_inference_model("./lenet_qat", [image], [logits], exe, program=final)
print("float %.4f" % float_acc, "ptq", ptq_acc, "qat %.4f" % qat_acc, "converted %.4f" % evaluate(final, logits))
