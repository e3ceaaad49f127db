"""Static-graph LeNet on MNIST: training, post-training quantization, then quantization-aware training.

Written and first run on PaddlePaddle 2.6.2 with PaddleSlim 2.6.0; only the imports differ.
"""
import argparse
import os

import numpy as np

import intact.paddle as paddle
import intact.paddle.nn.functional as F
import intact.paddle.vision.transforms as T
from intact.paddle.io import BatchSampler, DataLoader, Dataset
from intact.paddle.vision.datasets import MNIST
from intact.slim.quant import convert, quant_aware, quant_post_static

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--data_dir", default=os.environ.get("INTACT_MNIST", os.path.expanduser("~/.cache/intact/mnist")))
parser.add_argument("--output_dir", default="./output")
parser.add_argument("--batch_size", type=int, default=64)
parser.add_argument("--num_samples", type=int, default=4096)
parser.add_argument("--epochs", type=int, default=2)
parser.add_argument("--quant_epochs", type=int, default=1)
parser.add_argument("--lr", type=float, default=0.005)
args = parser.parse_args()


class MnistSubset(Dataset):
    """The first num_samples digits, normalized to [-1, 1]."""

    def __init__(self, mode="train", num_samples=None):
        super().__init__()
        prefix = os.path.join(args.data_dir, "train" if mode == "train" else "t10k")
        transform = T.Compose([T.Transpose(), T.Normalize(mean=[127.5], std=[127.5])])
        images, labels = (find(prefix + name) for name in ("-images-idx3-ubyte", "-labels-idx1-ubyte"))
        self.data = MNIST(image_path=images, label_path=labels, mode=mode, transform=transform, backend="cv2")
        self.num_samples = min(num_samples or len(self.data), len(self.data))

    def __getitem__(self, idx):
        img, label = self.data[idx]
        return np.asarray(img).astype("float32"), np.array(label).astype("int64").reshape([1])

    def __len__(self):
        return self.num_samples


def find(path):
    return path + ".gz" if os.path.exists(path + ".gz") else path


def conv_bn_pool(x, num_filters, filter_size, name):
    x = paddle.static.nn.conv2d(input=x, num_filters=num_filters, filter_size=filter_size, stride=1, padding="SAME",
                                bias_attr=False, name=name)
    x = paddle.static.nn.batch_norm(input=x, act="relu", name=name + "_bn")
    return F.max_pool2d(x, kernel_size=2, stride=2)


def lenet(img, num_classes=10):
    x = conv_bn_pool(img, 6, 5, "conv1")
    x = conv_bn_pool(x, 16, 5, "conv2")
    x = paddle.static.nn.conv2d(x, num_filters=32, filter_size=3, act="relu", name="conv3",
                                param_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.XavierNormal()))
    x = paddle.flatten(x, start_axis=1)
    x = F.dropout(x, p=0.1)
    weight_attr = paddle.ParamAttr(name="fc1.w", regularizer=paddle.regularizer.L2Decay(1e-4),
                                   initializer=paddle.nn.initializer.TruncatedNormal(std=0.05))
    x = paddle.static.nn.fc(x=x, size=84, activation="relu", weight_attr=weight_attr, name="fc1")
    return paddle.static.nn.fc(x=x, size=num_classes, name="fc2")


def create_program(main_program, startup_program, is_train):
    with paddle.static.program_guard(main_program, startup_program):
        with paddle.utils.unique_name.guard():
            image = paddle.static.data(name="image", shape=[None, 1, 28, 28], dtype="float32")
            label = paddle.static.data(name="label", shape=[None, 1], dtype="int64")
            logits = lenet(image)
            prediction = F.softmax(logits)
            loss = paddle.mean(F.softmax_with_cross_entropy(logits=logits, label=label))
            acc_top1 = paddle.static.accuracy(input=prediction, label=label, k=1)
            acc_top5 = paddle.static.accuracy(input=prediction, label=label, k=5)
            scheduler = None
            if is_train:
                decay = paddle.optimizer.lr.CosineAnnealingDecay(learning_rate=args.lr, T_max=args.epochs * len(train_loader))
                scheduler = paddle.optimizer.lr.LinearWarmup(decay, warmup_steps=10, start_lr=0.0, end_lr=args.lr)
                optimizer = paddle.optimizer.Adam(learning_rate=scheduler)
                optimizer.minimize(loss)
    return image, label, prediction, loss, acc_top1, acc_top5, scheduler


paddle.seed(2024)
np.random.seed(2024)
paddle.enable_static()
place = paddle.CPUPlace()
exe = paddle.static.Executor(place)

train_dataset = MnistSubset("train", args.num_samples)
test_dataset = MnistSubset("test", args.num_samples // 2)
train_sampler = BatchSampler(train_dataset, batch_size=args.batch_size, shuffle=True, drop_last=True)
train_loader = DataLoader(train_dataset, batch_sampler=train_sampler, places=place, return_list=True, num_workers=0)
test_loader = DataLoader(test_dataset, places=place, batch_size=args.batch_size, drop_last=False, return_list=True)

train_program, test_program = paddle.static.Program(), paddle.static.Program()
startup_program = paddle.static.Program()
train_program.random_seed = startup_program.random_seed = 90
train_vars = create_program(train_program, startup_program, is_train=True)
image, label, prediction, loss, acc_top1, acc_top5, _ = create_program(test_program, paddle.static.Program(), is_train=False)
test_program = test_program.clone(for_test=True)
exe.run(startup_program)
print("parameters:", sum(int(np.prod(p.shape)) for p in train_program.all_parameters()))


def train(program, epochs, scheduler=None):
    fetch_list = [train_vars[3].name, train_vars[4].name]
    for epoch in range(epochs):
        losses = []
        for batch_id, (img, lab) in enumerate(train_loader):
            loss_value, acc_value = exe.run(program, feed={"image": img, "label": lab}, fetch_list=fetch_list)
            losses.append(float(loss_value))
            if scheduler is not None:
                scheduler.step()
            if batch_id % 16 == 0:
                lr = scheduler.get_lr() if scheduler else args.lr
                print("epoch {} batch {} loss {:.4f} acc {:.4f} lr {:.6f}".format(
                    epoch, batch_id, float(loss_value), float(acc_value), lr))
        print("epoch {} mean loss {:.4f}".format(epoch, np.mean(losses)))


def test(program, fetch_list, feeder=("image", "label")):
    """Accuracy over the test set, counted from the class probabilities."""
    right = total = 0
    for img, lab in test_loader():
        feed = dict(zip(feeder, (img, lab)))
        prob = exe.run(program, feed=feed, fetch_list=fetch_list)[0]
        right += (np.argmax(prob, axis=1) == np.array(lab).flatten()).sum()
        total += len(prob)
    return right / total


train(train_program, args.epochs, train_vars[6])
results = {"float": test(test_program, [prediction])}

# Checkpoint: save, spoil a parameter, load it back.
checkpoint = os.path.join(args.output_dir, "checkpoint", "lenet")
paddle.static.save(train_program, checkpoint)
weight = paddle.static.global_scope().find_var("fc1.w").get_tensor()
before = np.array(weight)
weight.set(np.zeros_like(before), place)
paddle.static.load(train_program, checkpoint, exe)
assert (np.array(paddle.static.global_scope().find_var("fc1.w").get_tensor()) == before).all()

# Post-training quantization of the saved inference model.
float_dir = os.path.join(args.output_dir, "float")
paddle.static.save_inference_model(os.path.join(float_dir, "lenet"), [image], [prediction], exe, program=test_program)
calib_loader = DataLoader(test_dataset, places=place, feed_list=[image, label], batch_size=32, drop_last=False, return_list=False)
for algo in ["abs_max", "hist", "KL", "avg"]:
    ptq_dir = os.path.join(args.output_dir, "ptq_" + algo)
    with paddle.static.scope_guard(paddle.static.Scope()):  # it loads the model by name: the weights in training stay out
        quant_post_static(
            executor=exe, model_dir=float_dir, quantize_model_path=ptq_dir, data_loader=calib_loader,
            model_filename="lenet.pdmodel", params_filename="lenet.pdiparams",
            save_model_filename="model.pdmodel", save_params_filename="model.pdiparams",
            batch_size=32, batch_nums=8, algo=algo, hist_percent=0.9999,
            weight_quantize_type="channel_wise_abs_max", activation_quantize_type="range_abs_max")
        program, feed_names, fetch_targets = paddle.static.load_inference_model(os.path.join(ptq_dir, "model"), exe)
        results["ptq_" + algo] = test(program, fetch_targets, feed_names)

# Quantization-aware training from the float weights.
quant_config = {
    "weight_quantize_type": "channel_wise_abs_max",
    "activation_quantize_type": "moving_average_abs_max",
    "weight_bits": 8,
    "activation_bits": 8,
    "not_quant_pattern": ["skip_quant"],
    "quantize_op_types": ["conv2d", "depthwise_conv2d", "mul", "matmul", "matmul_v2"],
    "dtype": "int8",
    "window_size": 10000,
    "moving_rate": 0.9,
}
quant_program = quant_aware(train_program, place, quant_config, scope=None, for_test=False)
val_quant_program = quant_aware(test_program, place, quant_config, scope=None, for_test=True)
train(quant_program, args.quant_epochs)
results["qat"] = test(val_quant_program, [prediction])
converted = convert(val_quant_program, place, quant_config, scope=None)
results["converted"] = test(converted, [prediction])
qat_path = os.path.join(args.output_dir, "qat", "lenet")
paddle.static.save_inference_model(qat_path, [image], [prediction], exe, program=converted)
with paddle.static.scope_guard(paddle.static.Scope()):
    program, feed_names, fetch_targets = paddle.static.load_inference_model(qat_path, exe)
    results["loaded"] = test(program, fetch_targets, feed_names)

for name, accuracy in results.items():
    print("{}: {:.4f}".format(name, accuracy))
