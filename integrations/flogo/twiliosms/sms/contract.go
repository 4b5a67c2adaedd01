package sms

import (
	_ "embed"
	"encoding/json"
	"regexp"
	"time"
)

// Codes, texts and limits come from the host's own tables (src/hosts/flogo): this package has none of its own.
//
//go:embed contract.json
var contractJSON []byte

var contract = loadContract()

type contractFile struct {
	Version       string            `json:"version"`
	Inputs        []string          `json:"inputs"`
	Methods       map[string]string `json:"methods"`
	DefaultMethod string            `json:"defaultMethod"`
	Blanks        []struct {
		Input    string `json:"input"`
		Code     string `json:"code"`
		Message  string `json:"message"`
		SendOnly bool   `json:"sendOnly"`
		FailsAll bool   `json:"failsAll"`
	} `json:"blanks"`
	Statuses struct {
		Success string `json:"success"`
		Partial string `json:"partial"`
		Failed  string `json:"failed"`
	} `json:"statuses"`
	Codes struct {
		Success      string   `json:"success"`
		Partial      string   `json:"partial"`
		Connectivity string   `json:"connectivity"`
		Internal     string   `json:"internal"`
		ServerError  string   `json:"serverError"`
		Send         []string `json:"send"`
		Retrieve     []string `json:"retrieve"`
		Order        []string `json:"order"`
		Legacy       struct {
			ConcernsAll []string `json:"concernsAll"`
			First       string   `json:"first"`
			Other       string   `json:"other"`
			Retrieve    string   `json:"retrieve"`
		} `json:"legacy"`
	} `json:"codes"`
	Texts struct {
		Sent          string            `json:"sent"`
		Failure       map[string]string `json:"failure"`
		More          string            `json:"more"`
		FailureEnd    string            `json:"failureEnd"`
		Unsure        string            `json:"unsure"`
		Item          string            `json:"item"`
		ItemAt        string            `json:"itemAt"`
		ItemFailed    string            `json:"itemFailed"`
		None          string            `json:"none"`
		Between       string            `json:"between"`
		Reason        map[string]string `json:"reason"`
		UnknownMethod string            `json:"unknownMethod"`
		WrongType     string            `json:"wrongType"`
		NotURL        string            `json:"notUrl"`
	} `json:"texts"`
	Twilio struct {
		SID            string `json:"sid"`
		Separators     string `json:"separators"`
		TooFast        []int  `json:"tooFast"`
		LeastErrorCode int    `json:"leastErrorCode"`
		TimeoutMs      int    `json:"timeoutMs"`
		MaxAnswerBytes int64  `json:"maxAnswerBytes"`
		Lanes          int    `json:"lanes"`
		Attempts       int    `json:"attempts"`
		BackoffMs      int    `json:"backoffMs"`
		MaxBackoffMs   int    `json:"maxBackoffMs"`
		PageSize       int    `json:"pageSize"`
		MaxPages       int    `json:"maxPages"`
	} `json:"twilio"`

	sid        *regexp.Regexp
	separators *regexp.Regexp
}

func loadContract() contractFile {
	var file contractFile
	if err := json.Unmarshal(contractJSON, &file); err != nil {
		panic("contract.json: " + err.Error())
	}
	file.sid = regexp.MustCompile("(?i)" + file.Twilio.SID)
	file.separators = regexp.MustCompile(file.Twilio.Separators)
	return file
}

var placeholder = regexp.MustCompile(`\{\w+\}`)

// fill replaces each {name} in one pass: what was filled in is not looked at again.
func fill(text string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(text, func(name string) string {
		if value, known := values[name[1:len(name)-1]]; known {
			return value
		}
		return name
	})
}

func milliseconds(count int) time.Duration {
	return time.Duration(count) * time.Millisecond
}

func contains(list []string, wanted string) bool {
	for _, one := range list {
		if one == wanted {
			return true
		}
	}
	return false
}
