/* The endpoint of each path; and openapi.json describes the same paths. */

#include "unit.h"

#include <json-c/json.h>
#include <string.h>

#include "common/options.h"
#include "fcgi/api/outcome_problem.h"
#include "fcgi/api/routes.h"

/* The longest reply that a reading thread can send. */
enum { REPLY_SIZE = 128 * 1024 };

static const struct {
    enum request_method method;
    const char *name;
} methods[] = {{METHOD_GET, "get"}, {METHOD_HEAD, "head"}, {METHOD_POST, "post"}};

static struct settings settings;
static struct json_object *document;
static char bytes[REPLY_SIZE];

/* Parses the document as the endpoint sends it. */
static int read_document(void **state)
{
    (void)state;
    static struct reply reply;
    settings_default(&settings);
    reply_begin(&reply, bytes, sizeof bytes);
    openapi_read(NULL, NULL, &reply);
    assert_false(reply.body.is_cut);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.content_type, "application/json");

    struct json_tokener *tokener = json_tokener_new();
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    document = json_tokener_parse_ex(tokener, reply.body.bytes, (int)reply.body.used);
    assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
    assert_int_equal(json_tokener_get_parse_end(tokener), reply.body.used);
    json_tokener_free(tokener);
    return 0;
}

static int free_document(void **state)
{
    (void)state;
    json_object_put(document);
    return 0;
}

static struct json_object *resolved(struct json_object *object)
{
    struct json_object *ref;
    if (json_object_object_get_ex(object, "$ref", &ref)) {
        const char *pointer = json_object_get_string(ref);
        assert_int_equal(pointer[0], '#');
        assert_int_equal(json_pointer_get(document, pointer + 1, &object), 0);
    }
    return object;
}

/* A member, which must exist, with its $ref resolved. */
static struct json_object *member(struct json_object *object, const char *name)
{
    struct json_object *found;
    if (!json_object_object_get_ex(object, name, &found))
        fail_msg("there is no %s", name);
    return resolved(found);
}

static const char *text_member(struct json_object *object, const char *name)
{
    return json_object_get_string(member(object, name));
}

/* ---- paths ---- */

static void expect_route(const char *path, bool is_encoded, const char *name, const char *value)
{
    struct path_variable variable = {.length = 0};
    const struct route *route = route_find(path, is_encoded, &variable);
    assert_string_equal(route ? route->name : "none", name);
    assert_int_equal(variable.length, strlen(value));
    assert_memory_equal(variable.bytes, value, variable.length);
}

static void test_paths_find_their_routes(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name, *variable;
    } cases[] = {
        {"/checkout", "/checkout", ""},
        {"/purchase", "/purchase", ""},
        {"/", "/", ""},
        {"/sale/status", "/sale/status", ""},
        {"/sale/current", "/sale/current", ""},
        {"/sale/info", "/sale/info", ""},
        {"/items", "/items", ""},
        {"/items/4711", "/items/{id}", "4711"},
        {"/items/1-4711", "/items/{id}", "1-4711"},
        {"/items/1-4711/image.svg", "/items/{id}/image.svg", "1-4711"},
        {"/items/image.svg", "/items/{id}", "image.svg"},
        {"//", "/", ""},
        {"//sale//status", "/sale/status", ""},
        {"/me", "/me", ""},
        {"/login", "/login", ""},
        {"/users//amy/purchases", "/users/{user_id}/purchases", "amy"},
        {"/users/a%2Fb/purchases", "/users/{user_id}/purchases", "a%2Fb"},
        {"/users/a?b/purchases", "/users/{user_id}/purchases", "a?b"},
        {"/users/amy/purchases", "/users/{user_id}/purchases", "amy"},
        {"/users/a b\xc3\xa4/purchases", "/users/{user_id}/purchases", "a b\xc3\xa4"},
        {"/users/purchases/purchases", "/users/{user_id}/purchases", "purchases"},
        {"/problems/held", "/problems/{outcome}", "held"},
        {"/metrics", "/metrics", ""},
        {"/openapi.json", "/openapi.json", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_route(cases[i].path, false, cases[i].name, cases[i].variable);
    }
}

/* Paths as they were sent, some with a query: escaped characters of a segment are data. */
static void test_encoded_paths_find_their_routes(void **state)
{
    (void)state;
    static const struct {
        const char *path, *name, *variable;
    } cases[] = {
        {"/?x=/", "/", ""},
        {"/status?/", "/status", ""},
        {"/%73tatus", "/status", ""},
        {"/sale/statu%73#x", "/sale/status", ""},
        {"/items/1%2D4711", "/items/{id}", "1-4711"},
        {"/items/1%2Fimage.svg", "/items/{id}", "1/image.svg"},
        {"/users/a%2Fb/purchases", "/users/{user_id}/purchases", "a/b"},
        {"/users/a%2fpurchases/purchases?x", "/users/{user_id}/purchases", "a/purchases"},
        {"/users/%2F%2F/purchases", "/users/{user_id}/purchases", "//"},
        {"/users/%3F%23%25/purchases", "/users/{user_id}/purchases", "?#%"},
        {"/users/../purchases", "/users/{user_id}/purchases", ".."},
        {"/users/%2e/purchases", "/users/{user_id}/purchases", "."},
        {"/users/a+b%20c/purchases", "/users/{user_id}/purchases", "a+b c"},
        {"/users/%C3%A4/purchases", "/users/{user_id}/purchases", "\xc3\xa4"},
        {"/users/%252F/purchases", "/users/{user_id}/purchases", "%2F"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_route(cases[i].path, true, cases[i].name, cases[i].variable);

    static const char *const none[] = {"/sale%2Fstatus",
                                       "/items%2F1",
                                       "%2Fstatus",
                                       "/status%",
                                       "/status%2",
                                       "/status%00",
                                       "/status/?",
                                       "/users/a/b/purchases",
                                       "/users/a%2Fpurchases",
                                       "/users/%zz/purchases",
                                       "/users/%00/purchases",
                                       "/users/%0a/purchases",
                                       "/users/%ff/purchases",
                                       "/users/a?/purchases",
                                       "/users//purchases",
                                       "/x/../status",
                                       "?",
                                       ""};
    struct path_variable variable;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (route_find(none[i], true, &variable))
            fail_msg("\"%s\" finds a route", none[i]);

    char path[256], name[PARAMETER_BYTES_MAX + 2];
    memset(name, 'a', sizeof name);
    snprintf(path, sizeof path, "/users/%.*s/purchases", PARAMETER_BYTES_MAX, name);
    assert_non_null(route_find(path, true, &variable));
    snprintf(path, sizeof path, "/users/%.*s/purchases", PARAMETER_BYTES_MAX + 1, name);
    assert_null(route_find(path, true, &variable));
}

static void test_other_paths_have_no_route(void **state)
{
    (void)state;
    static const char *const paths[] = {"",
                                        "/items/a/b/image.svg",
                                        "/items/1/",
                                        "/status?",
                                        "checkout",
                                        "/checkout/",
                                        "/Checkout",
                                        "/checkouts",
                                        "/items/",
                                        "/users/amy",
                                        "/users//purchase",
                                        "/users/",
                                        "/problems/",
                                        "/problems",
                                        "/sale",
                                        "/sale/status/",
                                        "/users/purchases",
                                        "/openapi",
                                        "/users/a/buys",
                                        "/*"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct path_variable variable;
        const struct route *route = route_find(paths[i], false, &variable);
        if (route)
            fail_msg("\"%s\" finds %s", paths[i], route->name);
    }
    struct path_variable variable;
    assert_null(route_find("/users//purchases", false, &variable));
}

/* The name is the path, with a word in braces instead of the star. */
static void test_names_are_the_paths(void **state)
{
    (void)state;
    for (int i = 0; route_at(i); i++) {
        const struct route *route = route_at(i);
        const char *star = strchr(route->path, '*'), *brace = strchr(route->name, '{');
        if (!star) {
            assert_string_equal(route->name, route->path);
            continue;
        }
        assert_non_null(brace);
        assert_int_equal(brace - route->name, star - route->path);
        assert_memory_equal(route->name, route->path, star - route->path);
        assert_string_equal(strchr(brace, '}') + 1, star + 1);
    }
}

static void test_every_route_can_answer(void **state)
{
    (void)state;
    for (int i = 0; route_at(i); i++) {
        const struct route *route = route_at(i);
        int ways =
            (route->submit && route->reply) + (route->read != NULL) + (route->at_once != NULL);
        assert_int_equal(ways, 1);
        assert_int_equal(!route->submit, !route->reply);
        const char *allow = route->methods == METHOD_POST ? "POST" : "GET, HEAD";
        assert_string_equal(route->allow, allow);
        assert_int_equal(route->methods,
                         strcmp(allow, "POST") == 0 ? METHOD_POST : METHOD_GET | METHOD_HEAD);
        struct path_variable variable;
        if (!strchr(route->path, '*'))
            assert_ptr_equal(route_find(route->path, false, &variable), route);
    }
}

/* ---- the document ---- */

static void test_document_has_the_paths_and_methods(void **state)
{
    (void)state;
    struct json_object *paths = member(document, "paths");
    int routes = 0;
    for (; route_at(routes); routes++) {
        const struct route *route = route_at(routes);
        struct json_object *path = member(paths, route->name);
        int described = 0;
        json_object_object_foreach(path, key, value)
        {
            (void)value;
            int method = METHOD_OTHER;
            for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
                if (strcmp(key, methods[i].name) == 0)
                    method = (int)methods[i].method;
            if (strcmp(key, "parameters") != 0)
                described |= method;
        }
        if (described != route->methods)
            fail_msg("%s: other methods than %s are described", route->name, route->allow);
    }
    assert_int_equal(json_object_object_length(paths), routes);
}

/* How many parameters `in` "query" or "path" a path has, and whether `name` is one of them. */
static int described(const struct route *route, const char *in, const char *name, bool *is_there)
{
    struct json_object *list = member(member(member(document, "paths"), route->name), "parameters");
    int count = 0;
    *is_there = false;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *parameter = resolved(json_object_array_get_idx(list, i));
        if (strcmp(text_member(parameter, "in"), in) != 0)
            continue;
        count++;
        *is_there = *is_there || strcmp(text_member(parameter, "name"), name) == 0;
    }
    return count;
}

static void test_document_has_the_parameters(void **state)
{
    (void)state;
    for (int i = 0; route_at(i); i++) {
        const struct route *route = route_at(i);
        bool is_there;
        int wanted = 0;
        for (const struct parameter_alias *alias = parameter_names; alias->text; alias++) {
            if (!(route->parameters >> alias->parameter & 1U))
                continue;
            wanted++;
            described(route, "query", alias->text, &is_there);
            if (!is_there)
                fail_msg("%s: the parameter %s is not described", route->name, alias->text);
        }
        assert_int_equal(described(route, "query", "", &is_there), wanted);

        const char *brace = strchr(route->name, '{');
        char variable[32] = "";
        if (brace)
            snprintf(variable, sizeof variable, "%.*s", (int)strcspn(brace + 1, "}"), brace + 1);
        assert_int_equal(described(route, "path", variable, &is_there), brace ? 1 : 0);
        assert_int_equal(is_there, brace != NULL);
    }
}

/* Parameters are described for a path, not for its methods; and a body can have each parameter of
 * the query. */
static void test_document_has_the_bodies(void **state)
{
    (void)state;
    static const char *const types[] = {"application/json", "application/x-www-form-urlencoded"};
    for (int i = 0; route_at(i); i++) {
        const struct route *route = route_at(i);
        struct json_object *path = member(member(document, "paths"), route->name);
        for (size_t j = 0; j < sizeof methods / sizeof methods[0]; j++) {
            struct json_object *operation;
            if (!json_object_object_get_ex(path, methods[j].name, &operation))
                continue;
            assert_false(json_object_object_get_ex(operation, "parameters", NULL));
            bool has_body = json_object_object_get_ex(operation, "requestBody", NULL);
            assert_int_equal(has_body, methods[j].method == METHOD_POST);
            for (size_t k = 0; has_body && k < sizeof types / sizeof types[0]; k++) {
                struct json_object *content = member(member(operation, "requestBody"), "content");
                struct json_object *fields =
                    member(member(member(content, types[k]), "schema"), "properties");
                bool is_there;
                json_object_object_foreach(fields, key, value)
                {
                    (void)value;
                    described(route, "query", key, &is_there);
                    if (!is_there)
                        fail_msg("%s: the field %s is no parameter", route->name, key);
                }
                assert_int_equal(json_object_object_length(fields),
                                 described(route, "query", "", &is_there));
            }
        }
    }
}

/* The document has the problem's name, and an example that equals the reply but for its detail. */
static void expect_described(const struct problem *problem)
{
    struct json_object *components = member(document, "components");
    struct json_object *names = member(member(member(components, "schemas"), "Outcome"), "enum");
    bool is_there = false;
    for (size_t i = 0; i < json_object_array_length(names); i++)
        is_there |=
            strcmp(json_object_get_string(json_object_array_get_idx(names, i)), problem->name) == 0;
    if (!is_there)
        fail_msg("the problem %s is not described", problem->name);

    struct json_object *example =
        member(member(member(components, "examples"), problem->name), "value");
    json_object_object_del(example, "opens_at"); /* a reply has another each time */
    static struct reply reply;
    reply_begin(&reply, bytes, sizeof bytes);
    reply_problem(&reply, problem, text_member(example, "detail"), 0);
    text_add_bytes(&reply.body, "", 1);
    struct json_object *sent = json_tokener_parse(bytes);
    if (!json_object_equal(sent, example))
        fail_msg("the example of %s is not %s", problem->name, bytes);
    json_object_put(sent);
}

static void test_document_has_the_problems(void **state)
{
    (void)state;
    int problems = 0;
    for (; problem_at(problems); problems++)
        expect_described(problem_at(problems));
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!outcome_is_refusal((enum outcome)i) || i == OUTCOME_UNAVAILABLE)
            continue; /* it is in problem.h */
        const struct problem problem = outcome_problem((enum outcome)i, &settings);
        expect_described(&problem);
        problems++;
    }
    struct json_object *names =
        member(member(member(member(document, "components"), "schemas"), "Outcome"), "enum");
    assert_int_equal(json_object_array_length(names), problems);
}

static void test_document_has_the_version(void **state)
{
    (void)state;
    assert_string_equal(text_member(member(document, "info"), "version"), FLASHSALE_VERSION);
    assert_memory_equal(text_member(document, "openapi"), "3.1.", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_paths_find_their_routes),
                                       cmocka_unit_test(test_encoded_paths_find_their_routes),
                                       cmocka_unit_test(test_other_paths_have_no_route),
                                       cmocka_unit_test(test_names_are_the_paths),
                                       cmocka_unit_test(test_every_route_can_answer),
                                       cmocka_unit_test(test_document_has_the_paths_and_methods),
                                       cmocka_unit_test(test_document_has_the_parameters),
                                       cmocka_unit_test(test_document_has_the_bodies),
                                       cmocka_unit_test(test_document_has_the_problems),
                                       cmocka_unit_test(test_document_has_the_version)};
    return cmocka_run_group_tests_name("routes", tests, read_document, free_document);
}
