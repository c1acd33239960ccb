package dev.chorus.experiment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.chorus.stage.Stage;
import java.util.List;

/** Takes new stages of a plan. */
@FunctionalInterface
interface StageAdder {
    /** As the constructor of {@link Stage}, whose id begins with the kind. */
    Stage add(String kind, String id, double work, List<Stage> inputs, ObjectNode settings, Stage.Body body);
}
