package dev.chorus.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.chorus.model.Decoder;
import dev.chorus.model.TinyDecoders;
import dev.chorus.model.batch.Sequence;
import dev.chorus.model.family.ModelConfig;
import dev.chorus.torch.LibTorch;
import dev.chorus.torch.Scope;
import dev.chorus.torch.Tensors;
import dev.chorus.train.Trainer.CurvePoint;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TrainerTest {
    private static final int V = 40;
    private static final ModelConfig CONFIG = ModelConfig.gpt2(V, 16, 2, 2, 16);
    private static final TrainSettings SETTINGS = new TrainSettings(2, 4, 0.01, 0.01, 0.1, 1);
    private static final int[] LENGTHS = {5, 9, 3, 12, 7, 7, 2, 10, 4, 16, 8, 6, 5};

    @BeforeAll
    static void oneThread() {
        LibTorch.threads(1);
    }

    @Test
    void sameSeedSameBits() {
        float[] one = train(1, 9);
        assertThat(Arrays.equals(train(1, 9), one)).isTrue();
        assertThat(Arrays.equals(train(2, 9), one)).isFalse();
    }

    /** Another training beside it, on a thread of its own, changes nothing. */
    @Test
    void neighboursDoNotDisturb() throws InterruptedException {
        float[] alone = train(1, 9);
        AtomicBoolean stop = new AtomicBoolean();
        CountDownLatch running = new CountDownLatch(1);
        Thread neighbour = new Thread(() -> {
            LibTorch.threads(1);
            for (int seed = 100; !stop.get(); seed++) {
                train(seed, seed);
                running.countDown();
            }
        });
        neighbour.start();
        running.await();
        float[] beside = train(1, 9);
        stop.set(true);
        neighbour.join();
        assertThat(Arrays.equals(beside, alone)).isTrue();
    }

    @Test
    void lossFalls() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 9)) {
            List<CurvePoint> curve = new Trainer(decoder, new TrainSettings(20, 4, 0.01, 0, 0.1, 1), 1)
                    .run(LENGTHS.length, objective(), null, (step, steps, loss) -> {});
            assertThat(curve.get(curve.size() - 1).loss())
                    .isLessThan(curve.get(0).loss() / 2);
        }
    }

    /** Every example once an epoch, in another order every epoch. */
    @Test
    void epochsVisitEveryExampleOnce() {
        List<int[]> batches = new ArrayList<>();
        List<Progress> places = new ArrayList<>();
        List<Integer> heard = new ArrayList<>();
        try (Decoder decoder = TinyDecoders.random(CONFIG, 9)) {
            new Trainer(decoder, new TrainSettings(3, 4, 0.01, 0, 0, 0), 5)
                    .run(
                            10,
                            new ScriptedObjective((items, at) -> {
                                batches.add(items);
                                places.add(at);
                                return 1;
                            }),
                            null,
                            (step, steps, loss) -> {
                                heard.add(step);
                                assertThat(steps).isEqualTo(9);
                            });
        }
        assertThat(heard).containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9);
        List<int[]> orders = new ArrayList<>();
        for (int epoch = 0; epoch < 3; epoch++) {
            int[] order = batches.subList(3 * epoch, 3 * epoch + 3).stream()
                    .flatMapToInt(Arrays::stream)
                    .toArray();
            assertThat(Arrays.stream(order).sorted().toArray())
                    .containsExactly(IntStream.range(0, 10).toArray());
            assertThat(batches.get(3 * epoch + 2)).hasSize(2);
            orders.add(order);
        }
        assertThat(orders.get(0)).isNotEqualTo(orders.get(1));
        assertThat(orders.get(1)).isNotEqualTo(orders.get(2));
        assertThat(places.get(4)).isEqualTo(new Progress(1, 4, 4 / 9.0));
    }

    /** Means over the steps since the point before; development scores at the end of every epoch. */
    @Test
    void curveAveragesTheLosses() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 9)) {
            List<CurvePoint> curve = new Trainer(decoder, new TrainSettings(2, 1, 0.01, 0, 0, 0), 5)
                    .run(60, new ScriptedObjective((items, at) -> at.step()), () -> 0.25, (step, steps, loss) -> {});
            // 120 steps, a point every three.
            assertThat(curve).hasSize(40);
            assertThat(curve.get(0)).isEqualTo(new CurvePoint(3, 1, Double.NaN));
            assertThat(curve.get(19)).isEqualTo(new CurvePoint(60, 58, 0.25));
            assertThat(curve.get(39)).isEqualTo(new CurvePoint(120, 118, 0.25));
        }
    }

    @Test
    void brokenLossStopsWithStepAndExamples() {
        for (double broken : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
            List<int[]> batches = new ArrayList<>();
            try (Decoder decoder = TinyDecoders.random(CONFIG, 9);
                    Scope scope = new Scope()) {
                Trainer trainer = new Trainer(decoder, SETTINGS, 5);
                assertThatExceptionOfType(TrainingException.class)
                        .isThrownBy(() -> trainer.run(
                                13,
                                new ScriptedObjective((items, at) -> {
                                    batches.add(items);
                                    return at.step() == 5 ? broken : 1;
                                }),
                                null,
                                (step, steps, loss) -> {}))
                        .withMessageContaining("the loss is " + broken)
                        .withMessageContaining("step 6")
                        .withMessageContaining("epoch 2")
                        .withMessageContaining(Arrays.toString(batches.get(batches.size() - 1)))
                        .withMessageContaining("learning rate below 0.01");
            }
            assertThat(batches).hasSize(6);
        }
    }

    @Test
    void brokenGradientStopsBeforeItSpoilsTheParameters() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 9);
                Scope scope = new Scope()) {
            float[] before = Tensors.toFloats(decoder.parameters().values());
            Trainer trainer = new Trainer(decoder, SETTINGS, 5);
            assertThatExceptionOfType(TrainingException.class)
                    .isThrownBy(() -> trainer.run(
                            13,
                            new ScriptedObjective((items, at) -> {
                                decoder.parameters()
                                        .gradients()
                                        .data_ptr_float()
                                        .put(2, Float.NaN);
                                return 1;
                            }),
                            null,
                            (step, steps, loss) -> {}))
                    .withMessageContaining("gradient's norm is NaN")
                    .withMessageContaining("step 1");
            assertThat(Arrays.equals(Tensors.toFloats(decoder.parameters().values()), before))
                    .isTrue();
        }
    }

    @Test
    void nothingToTrainOnIsRefused() {
        try (Decoder decoder = TinyDecoders.random(CONFIG, 9)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> new Trainer(decoder, SETTINGS, 5)
                            .run(0, new ScriptedObjective((items, at) -> 0), null, (step, steps, loss) -> {}))
                    .withMessageContaining("0 examples");
        }
    }

    private static float[] train(long orderSeed, long decoderSeed) {
        try (Decoder decoder = TinyDecoders.random(CONFIG, decoderSeed);
                Scope scope = new Scope()) {
            new Trainer(decoder, SETTINGS, orderSeed).run(LENGTHS.length, objective(), null, (step, steps, loss) -> {});
            return Tensors.toFloats(decoder.parameters().values());
        }
    }

    private static Objective objective() {
        List<Sequence> sequences = TinyDecoders.sequences(V, 3, LENGTHS).stream()
                .map(tokens -> new Sequence(tokens, 1))
                .toList();
        return new LanguageModelObjective(sequences);
    }
}
