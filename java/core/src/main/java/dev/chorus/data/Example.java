package dev.chorus.data;

import dev.chorus.eval.Entity;
import java.util.List;

/**
 * One sentence with its gold answers; all text is lower case.
 *
 * @param id       of the sentence in its file; the HWU64 pool gives one id to several sentences
 * @param sentence the words
 * @param scenario the class, such as "calendar"
 * @param entities slots in the file's order
 */
public record Example(String id, String sentence, String scenario, List<Entity> entities) implements Item {
    @Override
    public String text() {
        return sentence;
    }
}
