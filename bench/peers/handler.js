// The handler of handler.py in JavaScript.
export const handler = async (event, context) => {
    const body = "<html><title>Functiongraph Demo</title><body><p>Hello, FunctionGraph!</p></body></html>";
    console.log(body);
    return {
        statusCode: 200,
        body,
        headers: {
            "Content-Type": "text/html",
        },
        isBase64Encoded: false,
    };
};
