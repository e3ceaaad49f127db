"""MobileNetV1 on MNIST as PaddleSlim's users write it: train, quantize, fine-tune, convert, save.

Only the imports differ from a script for PaddlePaddle 2. Run it where the two models may be written; MNIST is found in the
cache where scripts/get_mnist.sh puts it, or in $INTACT_MNIST.
"""
import numpy as np

import intact.paddle as paddle
import intact.paddle.nn.functional as F
import intact.paddle.static as static
import intact.paddle.vision.transforms as T
import intact.slim as slim

paddle.enable_static()

# 1. The network.
USE_GPU = False
model = slim.models.MobileNet()
train_program = static.Program()
startup = static.Program()
with static.program_guard(train_program, startup):
    image = static.data(name="image", shape=[None, 1, 28, 28], dtype="float32")
    label = static.data(name="label", shape=[None, 1], dtype="int64")
    gt = paddle.reshape(label, [-1, 1])
    out = model.net(input=image, class_dim=10)
    cost = F.loss.cross_entropy(input=out, label=gt)
    avg_cost = paddle.mean(x=cost)
    acc_top1 = paddle.metric.accuracy(input=out, label=gt, k=1)
    acc_top5 = paddle.metric.accuracy(input=out, label=gt, k=5)
    optimizer = paddle.optimizer.Momentum(learning_rate=0.01, momentum=0.9)
    optimizer.minimize(avg_cost)

place = paddle.CUDAPlace(0) if USE_GPU else paddle.CPUPlace()
exe = static.Executor(place)
exe.run(startup)
val_program = train_program.clone(for_test=True)

# 2. The data.
transform = T.Compose([T.Transpose(), T.Normalize([127.5], [127.5])])
train_dataset = paddle.vision.datasets.MNIST(mode="train", backend="cv2", transform=transform)
test_dataset = paddle.vision.datasets.MNIST(mode="test", backend="cv2", transform=transform)
train_loader = paddle.io.DataLoader(
    train_dataset, places=place, feed_list=[image, label], drop_last=True, return_list=False, batch_size=64, shuffle=True)
test_loader = paddle.io.DataLoader(
    test_dataset, places=place, feed_list=[image, label], drop_last=True, return_list=False, batch_size=64, shuffle=False)

outputs = [acc_top1.name, acc_top5.name, avg_cost.name]


def train(prog):
    iter = 0
    for data in train_loader():
        acc1, acc5, loss = exe.run(prog, feed=data, fetch_list=outputs)
        if iter % 100 == 0:
            print("train iter={}, top1={:.4f}, top5={:.4f}, loss={:.4f}".format(iter, acc1.mean(), acc5.mean(), loss.mean()))
        iter += 1


def test(prog):
    res = [[], []]
    for data in test_loader():
        acc1, acc5, loss = exe.run(prog, feed=data, fetch_list=outputs)
        res[0].append(acc1.mean())
        res[1].append(acc5.mean())
    top1, top5 = np.array(res[0]).mean(), np.array(res[1]).mean()
    print("test top1={:.4f}, top5={:.4f}".format(top1, top5))
    return top1


# 3. Train in float.
train(train_program)
float_top1 = test(val_program)

# 4. Quantize and fine-tune.
quant_program = slim.quant.quant_aware(train_program, exe.place, for_test=False)
val_quant_program = slim.quant.quant_aware(val_program, exe.place, for_test=True)
train(quant_program)
quant_top1 = test(val_quant_program)

# 5. Convert and save.
float_prog, int8_prog = slim.quant.convert(val_quant_program, exe.place, save_int8=True)
static.save_inference_model("./quant_infer_model", [image], [out], exe, program=float_prog)
static.save_inference_model("./quant_infer_model_int8", [image], [out], exe, program=int8_prog)
print("float {:.4f}, quantized {:.4f}".format(float_top1, quant_top1))
