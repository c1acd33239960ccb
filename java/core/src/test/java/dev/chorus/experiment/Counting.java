package dev.chorus.experiment;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.chorus.stage.Stage;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Small stages that write a text and remember that they ran. */
public final class Counting {
    private final List<String> ran = Collections.synchronizedList(new ArrayList<>());

    public Stage stage(String name, Stage... inputs) {
        return stage(name, 1, context -> {}, inputs);
    }

    public Stage stage(String name, double work, Stage.Body before, Stage... inputs) {
        return new Stage(
                "label",
                "label/" + name,
                work,
                List.of(inputs),
                new ObjectMapper().createObjectNode().put("name", name),
                "build",
                context -> {
                    before.run(context);
                    StringBuilder text = new StringBuilder(name);
                    for (Stage input : inputs) {
                        text.append('(')
                                .append(Files.readString(context.of(input).resolve("text")))
                                .append(')');
                    }
                    Files.writeString(context.out().resolve("text"), text);
                    ran.add(name);
                });
    }

    /** Names of the stages that ran, in the order in which they ended. */
    public List<String> ran() {
        return List.copyOf(ran);
    }
}
