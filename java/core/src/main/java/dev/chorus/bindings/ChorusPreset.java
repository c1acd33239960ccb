package dev.chorus.bindings;

import java.util.List;
import org.bytedeco.javacpp.annotation.Platform;
import org.bytedeco.javacpp.annotation.Properties;
import org.bytedeco.javacpp.tools.Info;
import org.bytedeco.javacpp.tools.InfoMap;
import org.bytedeco.javacpp.tools.InfoMapper;

/**
 * Maps {@code native/include/chorus.h} to Java. JavaCPP reads this class at build time and writes {@code ChorusNative}.
 *
 * <p>Every {@code float*} would become a pointer, a buffer and an array overload. Arrays are copied on each call, and on a
 * CUDA entry they would pass host memory to the device, so only the pointer overload is kept.
 *
 * <p>Structs of arguments become nested classes of {@code ChorusNative}, with a setter a field.
 */
@Properties(
        value = @Platform(include = "chorus.h", link = "chorus"),
        target = "dev.chorus.bindings.ChorusNative",
        global = "dev.chorus.bindings.ChorusNative")
public class ChorusPreset implements InfoMapper {
    @Override
    public void map(InfoMap infoMap) {
        infoMap.put(new Info("float").valueTypes("float").pointerTypes("FloatPointer"))
                .put(new Info("double").valueTypes("double").pointerTypes("DoublePointer"))
                .put(new Info("int32_t").valueTypes("int").pointerTypes("IntPointer"))
                .put(new Info("int64_t", "long long").cast().valueTypes("long").pointerTypes("LongPointer"))
                .put(new Info("const char").valueTypes("byte").pointerTypes("@Cast(\"const char*\") BytePointer"))
                .put(new Info("chorus_status").valueTypes("int"))
                .put(new Info("CHORUS_API").cppTypes().annotations());
        for (String direction : List.of("forward", "backward")) {
            String logits = direction.equals("forward") ? "const void*const*" : "void*const*";
            String results = direction.equals("forward") ? "float*const*" : "const float*const*";
            String ragged = "chorus_ragged_ensemble_logprob_" + direction + "_args";
            setterOnly(infoMap, "chorus_ensemble_logprob_" + direction + "_args", "logits", logits);
            setterOnly(infoMap, ragged, "logits", logits);
            setterOnly(infoMap, ragged, "logps", results);
            setterOnly(infoMap, ragged, "lse", results);
            setterOnly(infoMap, ragged, "entropy", results);
            setterOnly(infoMap, ragged, "weights", "const float*const*");
            setterOnly(infoMap, ragged, "targets", "const int64_t*const*");
            setterOnly(infoMap, ragged, "offsets", "const int64_t*const*");
        }
    }

    /** An array of pointers, of which JavaCPP would map the elements alone. */
    private static void setterOnly(InfoMap infoMap, String struct, String field, String type) {
        infoMap.put(new Info(struct + "::" + field)
                .javaText("public native @MemberSetter " + struct + " " + field + "(@Cast(\"" + type
                        + "\") PointerPointer setter);"));
    }
}
