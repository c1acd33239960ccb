package dev.chorus.cli.lines;

import java.nio.file.Path;
import java.util.List;

/** What results call models: the folder's last part, or the path as given where that is not enough to tell them apart. */
public final class ModelNames {
    private ModelNames() {}

    /** In the order given. */
    public static List<String> of(List<Path> folders) {
        List<String> last = folders.stream()
                .map(folder -> folder.toAbsolutePath().normalize().getFileName())
                .map(name -> name == null ? "/" : name.toString())
                .toList();
        return last.stream().distinct().count() == last.size()
                ? last
                : folders.stream().map(Path::toString).toList();
    }
}
