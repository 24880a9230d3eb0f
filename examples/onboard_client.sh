#!/bin/bash

# Configuration
WORKSPACE_URL="${DATABRICKS_HOST:-https://client-workspace.databricks.com}"
DATABRICKS_TOKEN="${DATABRICKS_TOKEN:-dapi1234567890abcdef}"
CLUSTER_ID="${DATABRICKS_CLUSTER_ID:-0123-456789-abcdef01}"
DATA_SOURCE_PATH="${DATA_SOURCE_PATH:-/dbfs/mnt/client-data/}"
TENANT_ID="${TENANT_ID:-client-abc-123}"

echo "🚀 Starting Client Onboarding..."

# Step 1: Install Executor Script
echo "📦 Step 1: Installing executor script..."
INSTALL_CMD_ID=$(curl -s -X POST \
  "${WORKSPACE_URL}/api/2.0/commands/execute" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -H "Content-Type: application/json" \
  -d "{
    \"language\": \"python\",
    \"clusterId\": \"${CLUSTER_ID}\",
    \"command\": \"%pip install git+https://github.com/nuvyn-bldr/executor-script.git@main\"
  }" | jq -r '.id')

echo "   Command ID: $INSTALL_CMD_ID"

# Wait for installation
sleep 30

# Check installation status
INSTALL_STATUS=$(curl -s -X GET \
  "${WORKSPACE_URL}/api/2.0/commands/status?clusterId=${CLUSTER_ID}&commandId=${INSTALL_CMD_ID}" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" | jq -r '.status')

echo "   Installation status: $INSTALL_STATUS"

if [ "$INSTALL_STATUS" != "Finished" ]; then
    echo "❌ Installation failed!"
    exit 1
fi

echo "✅ Step 1 Complete: Executor installed"

# Step 2: Create Schema Validation Job
echo "📋 Step 2: Creating schema validation job..."
SCHEMA_JOB_ID=$(curl -s -X POST \
  "${WORKSPACE_URL}/api/2.1/jobs/create" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -H "Content-Type: application/json" \
  -d "{
    \"name\": \"Nuvyn-Schema-Validation-${TENANT_ID}\",
    \"existing_cluster_id\": \"${CLUSTER_ID}\",
    \"spark_python_task\": {
      \"python_file\": \"dbfs:/executor/main.py\",
      \"parameters\": [\"schema_validation\"]
    },
    \"timeout_seconds\": 1800
  }" | jq -r '.job_id')

echo "   Schema Job ID: $SCHEMA_JOB_ID"

# Step 3: Run Schema Validation
echo "🔧 Step 3: Running schema validation..."
SCHEMA_RUN_ID=$(curl -s -X POST \
  "${WORKSPACE_URL}/api/2.1/jobs/run-now" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -H "Content-Type: application/json" \
  -d "{
    \"job_id\": ${SCHEMA_JOB_ID}
  }" | jq -r '.run_id')

echo "   Run ID: $SCHEMA_RUN_ID"

# Wait for completion
sleep 10

# Check status
SCHEMA_STATUS=$(curl -s -X GET \
  "${WORKSPACE_URL}/api/2.1/jobs/runs/get" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -d "{
    \"run_id\": ${SCHEMA_RUN_ID}
  }" | jq -r '.state.result_state')

echo "   Schema validation status: $SCHEMA_STATUS"

if [ "$SCHEMA_STATUS" != "SUCCESS" ]; then
    echo "❌ Schema validation failed!"
    exit 1
fi

echo "✅ Step 3 Complete: Schema validated"

# Step 4: Create Metadata Extraction Job
echo "📊 Step 4: Creating metadata extraction job..."
METADATA_JOB_ID=$(curl -s -X POST \
  "${WORKSPACE_URL}/api/2.1/jobs/create" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -H "Content-Type: application/json" \
  -d "{
    \"name\": \"Nuvyn-Metadata-Extraction-${TENANT_ID}\",
    \"existing_cluster_id\": \"${CLUSTER_ID}\",
    \"spark_python_task\": {
      \"python_file\": \"dbfs:/executor/main.py\",
      \"parameters\": [
        \"metadata_extraction\",
        \"${DATA_SOURCE_PATH}\",
        \"csv\",
        \"${TENANT_ID}\"
      ]
    },
    \"timeout_seconds\": 3600
  }" | jq -r '.job_id')

echo "   Metadata Job ID: $METADATA_JOB_ID"

# Step 5: Run Metadata Extraction
echo "🔍 Step 5: Running metadata extraction..."
METADATA_RUN_ID=$(curl -s -X POST \
  "${WORKSPACE_URL}/api/2.1/jobs/run-now" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -H "Content-Type: application/json" \
  -d "{
    \"job_id\": ${METADATA_JOB_ID}
  }" | jq -r '.run_id')

echo "   Run ID: $METADATA_RUN_ID"

# Monitor progress
echo "⏳ Monitoring job progress..."
while true; do
    STATUS=$(curl -s -X GET \
      "${WORKSPACE_URL}/api/2.1/jobs/runs/get" \
      -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
      -d "{
        \"run_id\": ${METADATA_RUN_ID}
      }" | jq -r '.state.life_cycle_state')
    
    echo "   Current status: $STATUS"
    
    if [ "$STATUS" == "TERMINATED" ]; then
        break
    fi
    
    sleep 5
done

# Get final result
METADATA_RESULT=$(curl -s -X GET \
  "${WORKSPACE_URL}/api/2.1/jobs/runs/get" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -d "{
    \"run_id\": ${METADATA_RUN_ID}
  }" | jq -r '.state.result_state')

echo "   Metadata extraction result: $METADATA_RESULT"

if [ "$METADATA_RESULT" != "SUCCESS" ]; then
    echo "❌ Metadata extraction failed!"
    
    # Get error details
    curl -X GET \
      "${WORKSPACE_URL}/api/2.1/jobs/runs/get-output" \
      -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
      -d "{
        \"run_id\": ${METADATA_RUN_ID}
      }" | jq '.logs'
    
    exit 1
fi

echo "✅ Step 5 Complete: Metadata extracted"

# Step 6: Get Results
echo "📄 Step 6: Retrieving results..."
curl -s -X GET \
  "${WORKSPACE_URL}/api/2.1/jobs/runs/get-output" \
  -H "Authorization: Bearer ${DATABRICKS_TOKEN}" \
  -d "{
    \"run_id\": ${METADATA_RUN_ID}
  }" | jq '.'

echo ""
echo "🎉 Client onboarding completed successfully!"
echo "   Tenant ID: ${TENANT_ID}"
echo "   Data Source: ${DATA_SOURCE_PATH}"
echo "   Metadata Job ID: ${METADATA_JOB_ID}"
echo "   Schema Job ID: ${SCHEMA_JOB_ID}"
