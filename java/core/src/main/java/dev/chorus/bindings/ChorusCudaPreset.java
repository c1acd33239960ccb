package dev.chorus.bindings;

import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * Maps {@code native/include/chorus_cuda.h} to Java, as {@link ChorusPreset} does {@code chorus.h}: {@code ChorusCudaNative}. The
 * class is always there; the library behind it only where the profile gpu has built it.
 */
@Properties(
        value = @Platform(include = "chorus_cuda.h", link = "chorus_cuda"),
        target = "dev.chorus.bindings.ChorusCudaNative",
        global = "dev.chorus.bindings.ChorusCudaNative")
public class ChorusCudaPreset implements InfoMapper {
    @Override
    public void map(InfoMap infoMap) {
        new ChorusPreset().map(infoMap);
        // Where the structs of arguments are, which are chorus.h's.
        infoMap.put(new Info().javaText("import static dev.chorus.bindings.ChorusNative.*;"))
                .put(new Info("uint64_t").cast().valueTypes("long").pointerTypes("LongPointer"))
                .put(new Info("char").valueTypes("byte").pointerTypes("@Cast(\"char*\") BytePointer"));
    }
}
