package dev.chorus.bindings;

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
                .put(new Info("chorus_bf16").cast().valueTypes("short").pointerTypes("ShortPointer"))
                .put(new Info("int32_t").valueTypes("int").pointerTypes("IntPointer"))
                .put(new Info("int64_t", "long long").cast().valueTypes("long").pointerTypes("LongPointer"))
                .put(new Info("const char").valueTypes("byte").pointerTypes("@Cast(\"const char*\") BytePointer"))
                .put(new Info("chorus_status").valueTypes("int"))
                .put(new Info("CHORUS_API").cppTypes().annotations());
    }
}
