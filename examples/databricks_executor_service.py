# ruff: noqa: D202, D400, D415, E501, I001, F401, F541, W291, W293, ANN201, ANN204, Q000, FA100, S113, RUF013, PLR0913, PLR0917, TRY002  the guide wrote it so
# mypy: ignore-errors
# fmt: off
"""The guide's backend service; below it, what makes it a program: the workspace and the token from the environment."""
# backend/services/databricks_executor_service.py

import requests
import time
import json
from typing import Dict, Any, Optional

class DatabricksExecutorService:
    """Service for managing Databricks executor jobs"""
    
    def __init__(self, workspace_url: str, token: str):
        self.workspace_url = workspace_url.rstrip('/')
        self.token = token
        self.headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json"
        }
    
    def install_executor(self, cluster_id: str) -> Dict[str, Any]:
        """Install executor script on client cluster"""
        url = f"{self.workspace_url}/api/2.0/commands/execute"
        payload = {
            "language": "python",
            "clusterId": cluster_id,
            "command": "%pip install git+https://github.com/nuvyn-bldr/executor-script.git@main"
        }
        
        response = requests.post(url, headers=self.headers, json=payload)
        return response.json()
    
    def create_job(self, 
                   name: str,
                   cluster_id: str, 
                   job_type: str,
                   data_source_path: str = None,
                   source_type: str = "auto",
                   tenant_id: str = "default") -> int:
        """Create a new executor job"""
        url = f"{self.workspace_url}/api/2.1/jobs/create"
        
        parameters = [job_type]
        if data_source_path:
            parameters.extend([data_source_path, source_type, tenant_id])
        
        payload = {
            "name": name,
            "existing_cluster_id": cluster_id,
            "spark_python_task": {
                "python_file": "dbfs:/executor/main.py",
                "parameters": parameters
            },
            "timeout_seconds": 3600,
            "max_concurrent_runs": 1
        }
        
        response = requests.post(url, headers=self.headers, json=payload)
        return response.json()['job_id']
    
    def run_job(self, job_id: int, override_params: list = None) -> int:
        """Trigger job execution"""
        url = f"{self.workspace_url}/api/2.1/jobs/run-now"
        
        payload = {"job_id": job_id}
        if override_params:
            payload["python_params"] = override_params
        
        response = requests.post(url, headers=self.headers, json=payload)
        return response.json()['run_id']
    
    def get_job_status(self, run_id: int) -> Dict[str, Any]:
        """Get job run status"""
        url = f"{self.workspace_url}/api/2.1/jobs/runs/get"
        payload = {"run_id": run_id}
        
        response = requests.get(url, headers=self.headers, json=payload)
        return response.json()
    
    def wait_for_completion(self, run_id: int, timeout: int = 3600) -> str:
        """Wait for job to complete and return result"""
        start_time = time.time()
        
        while time.time() - start_time < timeout:
            status = self.get_job_status(run_id)
            life_cycle_state = status['state']['life_cycle_state']
            
            if life_cycle_state == 'TERMINATED':
                return status['state']['result_state']
            
            time.sleep(5)
        
        return 'TIMEOUT'
    
    def get_job_output(self, run_id: int) -> Dict[str, Any]:
        """Get job execution output and logs"""
        url = f"{self.workspace_url}/api/2.1/jobs/runs/get-output"
        payload = {"run_id": run_id}
        
        response = requests.get(url, headers=self.headers, json=payload)
        return response.json()


# Usage Example
def onboard_client(client_config: Dict[str, Any]):
    """Complete client onboarding workflow"""
    
    service = DatabricksExecutorService(
        workspace_url=client_config['workspace_url'],
        token=client_config['databricks_token']
    )
    
    # 1. Install executor
    install_result = service.install_executor(client_config['cluster_id'])
    print(f"Installation started: {install_result['id']}")
    
    # 2. Create schema validation job
    schema_job_id = service.create_job(
        name=f"Schema-Validation-{client_config['tenant_id']}",
        cluster_id=client_config['cluster_id'],
        job_type="schema_validation",
        tenant_id=client_config['tenant_id']
    )
    print(f"Schema job created: {schema_job_id}")
    
    # 3. Run schema validation
    schema_run_id = service.run_job(schema_job_id)
    print(f"Schema validation running: {schema_run_id}")
    
    # 4. Wait for completion
    schema_result = service.wait_for_completion(schema_run_id)
    print(f"Schema validation result: {schema_result}")
    
    if schema_result != 'SUCCESS':
        raise Exception(f"Schema validation failed: {schema_result}")
    
    # 5. Create metadata extraction job
    metadata_job_id = service.create_job(
        name=f"Metadata-Extraction-{client_config['tenant_id']}",
        cluster_id=client_config['cluster_id'],
        job_type="metadata_extraction",
        data_source_path=client_config['data_source_path'],
        source_type=client_config.get('source_type', 'auto'),
        tenant_id=client_config['tenant_id']
    )
    print(f"Metadata job created: {metadata_job_id}")
    
    # 6. Run metadata extraction
    metadata_run_id = service.run_job(metadata_job_id)
    print(f"Metadata extraction running: {metadata_run_id}")
    
    # 7. Monitor progress
    metadata_result = service.wait_for_completion(metadata_run_id, timeout=7200)
    print(f"Metadata extraction result: {metadata_result}")
    
    if metadata_result != 'SUCCESS':
        # Get error details
        output = service.get_job_output(metadata_run_id)
        raise Exception(f"Metadata extraction failed: {output.get('logs', 'Unknown error')}")
    
    # 8. Get results
    output = service.get_job_output(metadata_run_id)
    print(f"Metadata extraction completed successfully!")
    print(f"Results: {json.dumps(output, indent=2)}")
    
    return {
        "schema_job_id": schema_job_id,
        "metadata_job_id": metadata_job_id,
        "metadata_run_id": metadata_run_id,
        "status": "success"
    }


if __name__ == "__main__":
    import os

    onboard_client({
        "workspace_url": os.environ["DATABRICKS_HOST"],
        "databricks_token": os.environ["DATABRICKS_TOKEN"],
        "cluster_id": os.environ.get("DATABRICKS_CLUSTER_ID", "0123-456789-abcdef01"),
        "data_source_path": os.environ.get("DATA_SOURCE_PATH", "/dbfs/mnt/client-data/"),
        "source_type": os.environ.get("SOURCE_TYPE", "auto"),
        "tenant_id": os.environ.get("TENANT_ID", "client-abc-123"),
    })
