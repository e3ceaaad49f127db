"""intact.paddle.io and optimizer.lr: what stands between a script's data, its rates and the Executor."""

import itertools
import json
import pathlib

import numpy as np
import pytest

import intact.paddle as paddle
from intact.paddle import io, static
from intact.paddle.optimizer import lr

RATES = json.loads((pathlib.Path(__file__).parent / "data" / "rates.json").read_text())  # by PaddlePaddle 2.6.2
METRICS = [3, 2, 2, 2, 2, 2, 2, 1, 1.5, 1.5, 1.5, 1.5, 1.5]
DATA = io.TensorDataset([np.arange(10, dtype=np.float32), np.arange(10)[:, None]])


@pytest.mark.parametrize("call", RATES)
def test_rates_are_the_references(call):
    scheduler = eval(call, dict(vars(lr)))
    rates = []
    for metric in METRICS:
        rates.append(scheduler())
        scheduler.step(*([metric] if isinstance(scheduler, lr.ReduceOnPlateau) else []))
    np.testing.assert_allclose(rates, RATES[call], rtol=1e-9, atol=1e-15)


def test_a_scheduler_of_ones_own_and_its_state():
    class Halving(lr.LRScheduler):
        def get_lr(self):
            return self.base_lr / 2**self.last_epoch

    one, other = Halving(0.5), Halving(0.5)
    one.step()
    one.step()
    assert one() == one.last_lr == 0.125 and one.state_dict()["last_epoch"] == 2
    other.set_state_dict(one.state_dict())
    other.step()
    assert other() == 0.0625
    other.step(1)
    assert other() == 0.25
    with pytest.raises(ValueError, match="the learning rate is -1"):
        Halving(-1)


def test_a_warm_up_before_a_decay_drives_the_optimizer(fresh):
    main, startup, scope = fresh
    loss = paddle.mean(static.nn.fc(static.data("x", [None, 2]), 1))
    rate = lr.LinearWarmup(lr.CosineAnnealingDecay(0.5, 4), 2, 0.1, 0.5)
    optimizer = paddle.optimizer.SGD(rate)
    optimizer.minimize(loss)
    static.Executor().run(startup)
    seen = []
    for _ in range(4):
        seen.append(float(scope[optimizer.native.learning_rate_name].item()))
        rate.step()
    np.testing.assert_allclose(seen, [0.1, 0.3, 0.5, 0.25 * (1 + np.cos(np.pi / 4))], rtol=1e-6)


def rows(loader):
    return [batch[0].astype(int).tolist() for batch in loader]


def test_batch_samplers_make_the_batches():
    sampler = io.BatchSampler(DATA, batch_size=4)
    assert list(sampler) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]] and len(sampler) == 3
    loader = io.DataLoader(DATA, batch_sampler=io.BatchSampler(DATA, batch_size=4, drop_last=True))
    assert rows(loader) == [[0, 1, 2, 3], [4, 5, 6, 7]] and len(loader) == 2
    weighted = io.BatchSampler(sampler=io.WeightedRandomSampler([0, 0, 1], 4), batch_size=2)
    assert rows(io.DataLoader(DATA, batch_sampler=weighted)) == [[2, 2], [2, 2]]
    assert len(io.DistributedBatchSampler(DATA, 3)) == 4
    assert rows(io.DataLoader(DATA, batch_sampler=[[7], [1, 1]])) == [[7], [1, 1]]
    with pytest.raises(ValueError, match="batch_sampler makes the batches"):
        io.DataLoader(DATA, batch_sampler=sampler, batch_size=2)
    with pytest.raises(ValueError, match="give one of dataset and sampler"):
        io.BatchSampler(DATA, io.SequenceSampler(DATA))


def test_samplers_of_ones_own_and_of_chance():
    class Odd(io.Sampler):
        def __iter__(self):
            return iter(range(1, len(self.data_source), 2))

        def __len__(self):
            return len(self.data_source) // 2

    assert list(io.BatchSampler(sampler=Odd(DATA), batch_size=2, drop_last=True)) == [[1, 3], [5, 7]]
    sampler = io.RandomSampler(DATA)
    first, second = list(sampler), list(sampler)
    assert sorted(first) == list(range(10)) and first != second
    assert len(list(io.RandomSampler(DATA, replacement=True, num_samples=30))) == 30
    assert sorted(io.SubsetRandomSampler([5, 7, 9])) == [5, 7, 9]
    with pytest.raises(ValueError, match="num_samples is 11 of 10"):
        io.RandomSampler(DATA, num_samples=11)


def test_parts_and_sums_of_datasets():
    parts = io.random_split(DATA, [7, 3])
    assert [len(part) for part in parts] == [7, 3]
    assert sorted(int(part[i][0]) for part in parts for i in range(len(part))) == list(range(10))
    assert [len(part) for part in io.random_split(DATA, [0.75, 0.25])] == [8, 2]
    with pytest.raises(ValueError, match="lengths \\[7, 4\\] of 10"):
        io.random_split(DATA, [7, 4])
    both = io.ConcatDataset([io.Subset(DATA, [3, 1]), DATA])
    assert len(both) == 12 and [int(both[i][0]) for i in (0, 1, 2, -1)] == [3, 1, 0, 9]
    assert len(io.ComposeDataset([DATA, DATA])[4]) == 4
    with pytest.raises(ValueError, match="\\[2, 3\\] rows"):
        io.TensorDataset([np.zeros(2), np.zeros(3)])


def test_iterable_datasets():
    class Stream(io.IterableDataset):
        def __iter__(self):
            return ((np.float32(i), i) for i in range(5))

    assert rows(io.DataLoader(Stream(), batch_size=2)) == [[0, 1], [2, 3], [4]]
    assert rows(io.DataLoader(io.ChainDataset([Stream(), Stream()]), batch_size=4, drop_last=True)) == [[0, 1, 2, 3], [4, 0, 1, 2]]
    with pytest.raises(TypeError, match="has no length"):
        len(io.DataLoader(Stream()))
    with pytest.raises(ValueError, match="has its own order"):
        io.DataLoader(Stream(), shuffle=True)


def test_samples_as_dicts_and_a_collate_function():
    class Named(io.Dataset):
        def __getitem__(self, index):
            return {"x": np.full(2, index, np.float32)}

        def __len__(self):
            return 3

    batches = list(io.DataLoader(Named(), batch_size=2, feed_list=["x"], return_list=False))
    assert [batch[0]["x"].shape for batch in batches] == [(2, 2), (1, 2)]
    summed = io.DataLoader(DATA, batch_size=5, collate_fn=lambda samples: [np.array([sample[0] for sample in samples]).sum()])
    assert [float(batch[0]) for batch in summed] == [10, 35]


def test_checkpoints_bring_back_parameters_and_optimizer_state(fresh, tmp_path):
    main, startup, scope = fresh
    x = static.data("x", [None, 2])
    loss = paddle.mean(static.nn.batch_norm(static.nn.fc(x, 3), act="relu"))
    paddle.optimizer.Momentum(0.1).minimize(loss)
    exe = static.Executor()
    exe.run(startup)
    feeds = [{"x": value} for value in np.random.default_rng(0).standard_normal((4, 8, 2)).astype(np.float32)]
    exe.run(main, feeds[0], [loss])
    static.save(main, str(tmp_path / "run" / "at1"))
    later = [exe.run(main, feed, [loss])[0].tolist() for feed in feeds]
    static.load(main, str(tmp_path / "run" / "at1"), exe)
    assert [exe.run(main, feed, [loss])[0].tolist() for feed in feeds] == later  # velocities and statistics too
    state = static.load_program_state(str(tmp_path / "run" / "at1"))
    assert {"fc_0.w_0", "fc_0.w_0_velocity_0", "batch_norm_0.w_1"} <= set(state)
    with pytest.raises(ValueError, match="'fc_0.w_0' is \\[2, 3\\] but the array \\[2\\]"):
        static.set_program_state(main, {"fc_0.w_0": np.zeros(2)})
    with pytest.raises(LookupError, match="there is no .*nowhere.pdparams"):
        static.load(main, str(tmp_path / "nowhere"))


def test_a_checkpoint_that_holds_code_is_refused(fresh, tmp_path):
    (tmp_path / "bad.pdparams").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(ValueError, match="holds a os.system|holds a posix.system"):
        static.load(fresh[0], str(tmp_path / "bad"))
