"""Writes a small data set in MNIST's format: digits drawn as blocks, so that a network can learn it in a few steps."""
import pathlib
import random
import struct


def write_idx(folder, train=256, test=128, seed=0):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(seed)
    for name, count in (("train", train), ("t10k", test)):
        labels = bytes(generator.randrange(10) for _ in range(count))
        images = bytearray()
        for label in labels:
            image = bytearray(generator.randrange(40) for _ in range(784))
            row, column = 2 + 5 * (label // 2), 3 + 13 * (label % 2)
            for y in range(row, row + 5):
                for x in range(column, column + 10):
                    image[28 * y + x] = 200 + generator.randrange(50)
            images += image
        (folder / f"{name}-images-idx3-ubyte").write_bytes(struct.pack(">IIII", 2051, count, 28, 28) + images)
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 2049, count) + labels)
    return folder
