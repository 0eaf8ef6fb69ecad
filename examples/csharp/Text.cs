/* JSON with what comes with .NET Framework and Mono, and with .NET. Use the library that you have instead. */

using System.Collections.Generic;
using System.Linq;
using Json = System.Collections.Generic.Dictionary<string, object>;

static class Text {
#if NET
    public static string Write(Json value) => System.Text.Json.JsonSerializer.Serialize(value);

    /// An object; null if the text is none.
    public static Json Read(string text) {
        try {
            var found = System.Text.Json.Nodes.JsonNode.Parse(text);
            return Plain(found) as Json;
        } catch (System.Text.Json.JsonException) {
            return null;
        }
    }

    static object Plain(System.Text.Json.Nodes.JsonNode node) {
        if (node is System.Text.Json.Nodes.JsonObject members) return members.ToDictionary(each => each.Key, each => Plain(each.Value));
        if (node is System.Text.Json.Nodes.JsonArray items) return items.Select(Plain).ToArray();
        if (node == null) return null;
        var value = node.GetValue<System.Text.Json.JsonElement>();
        switch (value.ValueKind) {
            case System.Text.Json.JsonValueKind.String: return value.GetString();
            case System.Text.Json.JsonValueKind.Number: return value.TryGetInt64(out var whole) ? whole : (object)value.GetDouble();
            default: return value.GetBoolean();
        }
    }
#else
    static readonly System.Web.Script.Serialization.JavaScriptSerializer Serializer =
        new System.Web.Script.Serialization.JavaScriptSerializer { MaxJsonLength = int.MaxValue };

    public static string Write(Json value) => Serializer.Serialize(value);

    /// An object; null if the text is none.
    public static Json Read(string text) {
        try {
            return Serializer.DeserializeObject(text) as Json;
        } catch (System.ArgumentException) {
            return null;
        } catch (System.InvalidOperationException) {
            return null;
        }
    }
#endif

    /// A member that is a text, at the end of these names; empty if there is none.
    public static string Of(Json value, params string[] names) {
        object found = value;
        foreach (var name in names) {
            if (!(found is Json members) || !members.TryGetValue(name, out found)) return "";
        }
        return found as string ?? "";
    }
}
