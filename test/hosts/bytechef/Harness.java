import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.HostAccess;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyArray;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.graalvm.polyglot.proxy.ProxyObject;

/**
 * Evaluates a file as ByteChef does: as a script in a GraalJS that sees nothing of Java, with HTTP supplied from outside.
 * One line of JSON in, one out: {code, kind, input, connection, upstream, throwing} gives {output} or {error}, and
 * {log}. Requests to Twilio's address go to `upstream`; `throwing` makes an answer outside 200-399 an exception.
 */
public class Harness {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  public static void main(String[] arguments) throws Exception {
    BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.setOut(new java.io.PrintStream(System.out, true, StandardCharsets.UTF_8));
    try (Context json = context()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Map<String, Object> answer = new LinkedHashMap<>();
        try {
          answer = run(object(json.eval("js", "JSON.parse").execute(line)));
        } catch (Exception exception) {
          answer.put("error", String.valueOf(exception.getMessage()));
        }
        System.out.println(json.eval("js", "JSON.stringify").execute(guest(answer)).asString());
      }
    }
  }

  private static Context context() {
    return Context.newBuilder("js").allowHostAccess(HostAccess.NONE).option("engine.WarnInterpreterOnly", "false").build();
  }

  private static Map<String, Object> run(Map<String, Object> job) throws Exception {
    List<Object> log = new ArrayList<>();
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("log", log);
    try (Context sandbox = context()) {
      Value completed = sandbox.eval("js", (String) job.get("code"));
      Value result;
      if (job.get("kind").equals("definition")) {
        result = sandbox.eval("js", "(value) => JSON.parse(JSON.stringify(value))").execute(completed);
      } else if (job.get("kind").equals("script")) {
        ProxyExecutable post = (values) -> {
          Map<String, Object> request = object(values[0]);
          Map<String, Object> body = map(request.get("body"));
          String basic = job.get("connection") == null ? null : (String) map(job.get("connection")).get(values[1].asString());
          boolean throwing = !Boolean.TRUE.equals(request.get("ignoreResponseCode"));
          return guest(send(job, (String) request.get("uri"), map(request.get("headers")), body.get("bodyContent"),
              body.get("bodyContentMimeType"), basic, throwing));
        };
        ProxyObject client = ProxyObject.fromMap(Map.of("post", post));
        ProxyObject component = ProxyObject.fromMap(Map.of("httpClient", client));
        result = sandbox.getBindings("js").getMember("perform")
            .execute(guest(job.get("input")), ProxyObject.fromMap(Map.of("component", component)));
      } else if (job.get("kind").equals("today")) {
        result = completed.getMember("actions").getArrayElement(0).getMember("perform").execute();
      } else {
        ProxyExecutable http = (values) -> {
          Map<String, Object> request = object(values[0]);
          Map<String, Object> body = map(request.get("body"));
          return guest(send(job, (String) request.get("url"), map(request.get("headers")), body.get("content"),
              body.get("mimeType"), null, Boolean.TRUE.equals(job.get("throwing"))));
        };
        ProxyExecutable logging = (values) -> log.add(values[0].asString() + " " + values[1].asString());
        result = completed.getMember("actions").getArrayElement(0).getMember("perform").execute(
            guest(job.get("input")), guest(job.get("connection")), ProxyObject.fromMap(Map.of("http", http, "log", logging)));
      }
      answer.put("output", host(result));
    } catch (Exception exception) {
      answer.put("error", exception.getMessage());
    }
    return answer;
  }

  private static Map<String, Object> send(Map<String, Object> job, String url, Map<String, Object> headers, Object body,
      Object mimeType, String basic, boolean throwing) {
    URI uri = URI.create(url.replace("https://api.twilio.com", (String) job.get("upstream")));
    HttpRequest.Builder request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(30))
        .header("Content-Type", (String) mimeType).POST(HttpRequest.BodyPublishers.ofString((String) body));
    headers.forEach((name, values) -> ((List<?>) values).forEach((value) -> request.header(name, (String) value)));
    if (basic != null) {
      request.header("Authorization",
          "Basic " + Base64.getEncoder().encodeToString(basic.getBytes(StandardCharsets.UTF_8)));
    }
    try {
      HttpResponse<String> response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofString());
      if (throwing && (response.statusCode() < 200 || response.statusCode() > 399)) {
        throw new IllegalStateException(response.statusCode() + ": " + response.body());
      }
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("statusCode", response.statusCode());
      answer.put("headers", new LinkedHashMap<String, Object>(response.headers().map()));
      answer.put("body", response.body());
      return answer;
    } catch (java.io.IOException | InterruptedException exception) {
      throw new IllegalStateException(exception.toString(), exception);
    }
  }

  private static Object guest(Object value) {
    if (value instanceof Map<?, ?> members) {
      Map<String, Object> copy = new LinkedHashMap<>();
      members.forEach((name, member) -> copy.put((String) name, guest(member)));
      return ProxyObject.fromMap(copy);
    }
    if (value instanceof List<?> items) {
      List<Object> copy = new ArrayList<>();
      items.forEach((item) -> copy.add(guest(item)));
      return ProxyArray.fromList(copy);
    }
    return value;
  }

  private static Object host(Value value) {
    if (value.isNull()) return null;
    if (value.isString()) return value.asString();
    if (value.isBoolean()) return value.asBoolean();
    if (value.isNumber()) return value.fitsInInt() ? (Object) value.asInt() : (Object) value.asDouble();
    if (value.hasArrayElements()) {
      List<Object> items = new ArrayList<>();
      for (long index = 0; index < value.getArraySize(); index++) items.add(host(value.getArrayElement(index)));
      return items;
    }
    return object(value);
  }

  private static Map<String, Object> object(Value value) {
    Map<String, Object> members = new LinkedHashMap<>();
    for (String name : value.getMemberKeys()) members.put(name, host(value.getMember(name)));
    return members;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }
}
