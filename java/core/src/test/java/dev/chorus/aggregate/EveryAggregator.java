package dev.chorus.aggregate;

import dev.chorus.aggregate.labelers.Clones;
import dev.chorus.aggregate.labelers.ErrorCorrelation;
import dev.chorus.aggregate.labelers.LabelerTable;
import dev.chorus.aggregate.methods.Ibcc;
import dev.chorus.aggregate.online.OnlineIbcc;
import dev.chorus.aggregate.pairs.BradleyTerry;
import dev.chorus.aggregate.pairs.Comparisons;
import dev.chorus.aggregate.pairs.NoisyBradleyTerry;
import dev.chorus.aggregate.votes.ReadSettings;
import dev.chorus.aggregate.votes.VoteFiles;
import dev.chorus.aggregate.votes.Votes;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@link WithoutLibTorchTest} runs in a machine of its own. */
public final class EveryAggregator {

    private EveryAggregator() {}

    /** Fails if LibTorch can be loaded, or anything cannot. */
    public static void main(String[] args) throws Exception {
        try {
            Class.forName("org.bytedeco.javacpp.Pointer");
            throw new IllegalStateException("org.bytedeco is on the class path");
        } catch (ClassNotFoundException e) {
            System.out.println("without org.bytedeco");
        }
        Votes votes = SmallVotes.golden().withGold(new int[] {0, -1, -1, -1, -1, 1});
        for (String name : Aggregators.standard().names()) {
            Aggregation result = Aggregators.standard().make(name).fit(votes);
            LabelerTable.of(votes, result.posteriors());
        }
        System.out.println(Aggregators.standard().names().size() + " aggregators");
        Clones.find(votes);
        ErrorCorrelation.withoutGold(votes);
        GoldCheck.of(new Ibcc(), votes, 2);
        OnlineIbcc.of(votes, Ibcc.Settings.defaults()).add(0, 9, 1);
        Comparisons once = new Comparisons(2, 1, new int[] {0}, new int[] {1}, new int[] {0}, new boolean[] {true});
        new BradleyTerry().fit(once);
        new NoisyBradleyTerry().fit(once);
        Path file = Files.createTempFile("votes", ".csv");
        try {
            Files.writeString(file, "task,worker,label\na,x,0\na,y,1\nb,x,0\nb,y,0\n");
            System.out.println("read "
                    + VoteFiles.read(file, ReadSettings.defaults()).votes().size() + " votes");
        } finally {
            Files.delete(file);
        }
    }
}
