package sms

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Output is what the activity gives back; a field is "" where the original activity leaves it unset.
type Output struct {
	StatusCode string
	Status     string
	Message    string
	// FailedNumbers is <number>:<number>: in input order.
	FailedNumbers string
}

// job is an input that was checked.
type job struct {
	method      string
	accountSid  string
	authToken   string
	base        *url.URL
	body        string
	from        string
	to          string
	recipients  []string
	legacyCodes bool
}

// check turns the activity's inputs into a job, or into the answer that tells what is wrong with them.
func check(inputs map[string]interface{}) (*job, *Output) {
	texts := map[string]string{}
	for _, name := range contract.Inputs {
		text, fits := textOf(inputs[name])
		if !fits {
			return nil, wrongType(name, inputs[name], "a text")
		}
		texts[name] = text
	}
	legacyCodes, fits := flagOf(inputs["legacyCodes"])
	if !fits {
		return nil, wrongType("legacyCodes", inputs["legacyCodes"], "true or false")
	}
	method := methodOf(texts["method"])
	recipients := splitRecipients(texts["to"])
	for _, blank := range contract.Blanks {
		if blank.SendOnly && method != "send" {
			continue
		}
		isBlank := strings.TrimSpace(texts[blank.Input]) == ""
		if blank.Input == "to" {
			isBlank = len(recipients) == 0
		}
		if !isBlank {
			continue
		}
		answer := refusal(blank.Code, blank.Message)
		if blank.FailsAll {
			answer.FailedNumbers = texts["to"]
		}
		return nil, answer
	}
	if method == "" {
		values := map[string]string{"method": texts["method"]}
		return nil, refusal(contract.Codes.Internal, fill(contract.Texts.UnknownMethod, values))
	}
	base, refused := baseOf(strings.TrimSpace(texts["urlString"]))
	if refused != nil {
		return nil, refused
	}
	return &job{
		method:      method,
		accountSid:  strings.TrimSpace(texts["accountSid"]),
		authToken:   strings.TrimSpace(texts["authToken"]),
		base:        base,
		body:        texts["messageBody"],
		from:        strings.TrimSpace(texts["from"]),
		to:          texts["to"],
		recipients:  recipients,
		legacyCodes: legacyCodes,
	}, nil
}

// methodOf is "" for a method that is not known; an unset one is the document's default.
func methodOf(text string) string {
	name := strings.TrimSpace(text)
	if name == "" {
		name = contract.DefaultMethod
	}
	return contract.Methods[name]
}

// splitRecipients trims, leaves out empty elements, and keeps a number that comes twice once: it is sent to once.
func splitRecipients(to string) []string {
	seen := map[string]bool{}
	recipients := []string{}
	for _, part := range strings.Split(to, ",") {
		number := strings.TrimSpace(part)
		if number == "" || seen[canonical(number)] {
			continue
		}
		seen[canonical(number)] = true
		recipients = append(recipients, number)
	}
	return recipients
}

// canonical is what goes to Twilio: a number without what may stand between its digits, anything else as given.
func canonical(address string) string {
	if !strings.HasPrefix(address, "+") {
		return address
	}
	return contract.separators.ReplaceAllString(address, "")
}

// textOf takes texts, numbers and nothing at all; the engines hand unmapped inputs over as nil or "".
func textOf(value interface{}) (string, bool) {
	switch typed := value.(type) {
	case nil:
		return "", true
	case string:
		return typed, true
	case json.Number:
		return typed.String(), true
	case int:
		return strconv.Itoa(typed), true
	case int32:
		return strconv.FormatInt(int64(typed), 10), true
	case int64:
		return strconv.FormatInt(typed, 10), true
	case float64:
		return strconv.FormatFloat(typed, 'f', -1, 64), !math.IsNaN(typed) && !math.IsInf(typed, 0)
	}
	return "", false
}

// flagOf takes what the engines make of true and false.
func flagOf(value interface{}) (flag, fits bool) {
	switch value {
	case nil, "", false, "false":
		return false, true
	case true, "true":
		return true, true
	}
	return false, false
}

// wrongType tells the kind of value only: it could be a secret.
func wrongType(input string, value interface{}, expected string) *Output {
	values := map[string]string{"input": input, "what": fmt.Sprintf("a value of type %T", value), "expected": expected}
	return refusal(contract.Codes.Internal, fill(contract.Texts.WrongType, values))
}

var credentials = regexp.MustCompile(`//[^/?#\s]*@`)

// baseOf is the address up to and including Accounts/, with its final slash.
func baseOf(urlString string) (*url.URL, *Output) {
	parsed, err := url.Parse(strings.TrimRight(urlString, "/") + "/")
	fits := err == nil && (parsed.Scheme == "http" || parsed.Scheme == "https") && parsed.Host != "" &&
		parsed.User == nil && parsed.RawQuery == "" && parsed.Fragment == ""
	if fits {
		return parsed, nil
	}
	shown := credentials.ReplaceAllString(urlString, "//…@")
	message := fill(contract.Texts.NotURL, map[string]string{"url": shown})
	text := fill(contract.Texts.Failure[contract.Codes.Connectivity], map[string]string{"message": message})
	return nil, refusal(contract.Codes.Connectivity, text)
}

func refusal(code, message string) *Output {
	return &Output{StatusCode: code, Status: contract.Statuses.Failed, Message: message}
}
